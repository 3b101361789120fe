package io.penstock.runtime.cuda;

import io.penstock.device.Stream;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.model.Activations;
import io.penstock.runtime.model.ForwardPass;
import io.penstock.runtime.model.ModelWeights;
import io.penstock.runtime.model.Ops;
import io.penstock.runtime.model.Trace;
import java.util.function.UnaryOperator;

/**
 * A decode step as two half-batches: their layers beside each other on two streams, each on half of the device, the
 * second half some layers behind the first, so that the attention of one comes beside products of the other. Whoever is
 * alone has the whole device. What comes before and behind the layers is the whole step's.
 *
 * <pre>
 *   steps:       embed, norm | first: 0 .. lag | first: lag ..... n | second: n - lag .. n | head
 *                                         fork \                   / join
 *   second half:                                second: 0 .. n - lag
 * </pre>
 */
final class HalvesPass {
    private final Stream stream;
    private final HalvesWorkspace halves;
    private final int numLayers;
    private final int lag;
    private final ForwardPass whole;
    private final ForwardPass firstAlone;
    private final ForwardPass firstBeside;
    private final ForwardPass secondBeside;
    private final ForwardPass secondAlone;

    /**
     * Queues nothing yet.
     *
     * @param stream of whole steps
     * @param whole the pass of whole steps
     * @param shown operations as those who watch them see them
     */
    HalvesPass(Stream stream, HalvesWorkspace halves, int lag, ModelWeights weights, ForwardPass whole,
            UnaryOperator<Ops> shown) {
        this.stream = stream;
        this.halves = halves;
        this.lag = lag;
        this.whole = whole;
        numLayers = weights.layers().length;
        Activations first = halves.first();
        Activations second = halves.second().activations();
        firstAlone = new ForwardPass(weights, shown.apply(halves.firstAlone()), first, Trace.NONE);
        firstBeside = new ForwardPass(weights, shown.apply(halves.firstBeside()), first, Trace.NONE);
        secondBeside = new ForwardPass(weights, shown.apply(halves.secondBeside()), second, Trace.NONE);
        secondAlone = new ForwardPass(weights, shown.apply(halves.secondAlone()), second, Trace.NONE);
    }

    /** Queues a step's operations, as {@link ForwardPass#compute} does; {@code numFirst} rows are the first half. */
    void compute(ForwardBatch batch, int numFirst) {
        whole.begin(batch);
        halves.first().useRows(numFirst, 0);
        halves.second().useRows(numFirst, batch.numTokens() - numFirst);
        for (int i = 0; i < lag; i++) {
            firstAlone.layer(i, batch);
        }
        stream.record(halves.fork());
        halves.stream().waitFor(halves.fork());
        for (int i = lag; i < numLayers; i++) {
            firstBeside.layer(i, batch);
            secondBeside.layer(i - lag, batch);
        }
        halves.stream().record(halves.join());
        stream.waitFor(halves.join());
        for (int i = numLayers - lag; i < numLayers; i++) {
            secondAlone.layer(i, batch);
        }
        whole.end(batch);
    }
}
