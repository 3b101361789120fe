package io.penstock.bench.predict;

import io.penstock.runtime.config.LayerType;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.HalfBatches;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A decode step as two half-batches beside each other, each on half of the multiprocessors, the second some layers
 * behind the first: what one's kernel asks of memory, the other's does not get. Before the second begins and after the
 * first ends, the other has the whole device; so have the operations before the layers and behind them.
 */
public final class OverlapPrediction {
    private static final int NUM_HALVES = 2;
    private static final List<String> CONV = List.of("inProjShortConv", "linear convOutProj");
    private static final List<String> ATTENTION =
            List.of("linear qkvProj", "qkNormRopeStore", "attention", "linear attentionOutProj");
    private static final List<String> DENSE =
            List.of("addRmsNorm", "linearSiluAndMul", "linear denseDown", "addRmsNorm");
    private static final List<String> EXPERTS =
            List.of("addRmsNormRouteTopK", "groupedLinearSiluAndMul", "groupedLinear", "combineAddRmsNorm");

    private final ModelConfig model;
    private final int numSeqs;
    private final int context;
    private final Chip chip;

    /** What a kernel takes alone, the gap before it included, and asks of memory in that time. */
    private record Task(double seconds, double bytes) {
        double bytesPerSecond() {
            return bytes / seconds;
        }
    }

    private OverlapPrediction(ModelConfig model, int numSeqs, int context, Chip chip) {
        this.model = model;
        this.numSeqs = numSeqs;
        this.context = context;
        this.chip = chip;
    }

    /** What a step of at least two sequences should take. */
    public static double seconds(ModelConfig model, int numSeqs, int context, Chip chip) {
        int lag = HalfBatches.of(model, HalfBatches.USUAL_ROWS).lagLayers();
        return new OverlapPrediction(model, numSeqs, context, chip).seconds(lag);
    }

    private double seconds(int lag) {
        int first = Math.ceilDiv(numSeqs, NUM_HALVES);
        int second = numSeqs - first;
        int numLayers = model.numLayers();
        Chip half = chip.share(NUM_HALVES);
        double together = beside(layers(first, half, lag, numLayers), layers(second, half, 0, numLayers - lag));
        return alone(ends()) + alone(layers(first, chip, 0, lag)) + together
                + alone(layers(second, chip, numLayers - lag, numLayers));
    }

    private static double alone(List<Task> tasks) {
        return tasks.stream().mapToDouble(Task::seconds).sum();
    }

    private static Map<String, Task> tasks(ModelConfig model, int numSeqs, int context, Chip chip) {
        Map<String, Task> tasks = new HashMap<>();
        for (StepPrediction.Row row : StepPrediction.of(model, numSeqs, context, chip)) {
            tasks.put(row.name(), new Task(row.each().seconds() + Chip.GAP_SECONDS, row.each().bytes()));
        }
        return tasks;
    }

    private List<Task> ends() {
        Map<String, Task> tasks = tasks(model, numSeqs, context, chip);
        return List.of(tasks.get("embed"), tasks.get("rmsNorm"), tasks.get("gatherLast"), tasks.get("logits"),
                tasks.get("sample"));
    }

    private List<Task> layers(int rows, Chip on, int from, int to) {
        Map<String, Task> tasks = tasks(model, rows, context, on);
        List<Task> all = new ArrayList<>();
        for (int layer = from; layer < to; layer++) {
            List<String> operator = model.layerTypes().get(layer) == LayerType.CONV ? CONV : ATTENTION;
            operator.forEach(name -> all.add(tasks.get(name)));
            List<String> feedForward = layer < model.feedForward().numDenseLayers() ? DENSE : EXPERTS;
            feedForward.forEach(name -> all.add(tasks.get(name)));
        }
        return all;
    }

    /** Two queues at once: each kernel goes at its own pace, as far as memory gives both what they ask for. */
    private double beside(List<Task> first, List<Task> second) {
        double clock = 0;
        int i = 0;
        int j = 0;
        double leftOfFirst = 1;
        double leftOfSecond = 1;
        while (i < first.size() && j < second.size()) {
            Task a = first.get(i);
            Task b = second.get(j);
            double perSecondOfFirst = pace(a, b) / a.seconds();
            double perSecondOfSecond = pace(b, a) / b.seconds();
            double firstEnds = leftOfFirst / perSecondOfFirst;
            double secondEnds = leftOfSecond / perSecondOfSecond;
            double time = Math.min(firstEnds, secondEnds);
            clock += time;
            leftOfFirst = firstEnds <= secondEnds ? 1 : leftOfFirst - time * perSecondOfFirst;
            leftOfSecond = secondEnds <= firstEnds ? 1 : leftOfSecond - time * perSecondOfSecond;
            i += firstEnds <= secondEnds ? 1 : 0;
            j += secondEnds <= firstEnds ? 1 : 0;
        }
        return clock + rest(first, i, leftOfFirst) + rest(second, j, leftOfSecond);
    }

    private static double rest(List<Task> tasks, int from, double leftOfFirst) {
        List<Task> left = tasks.subList(from, tasks.size());
        return left.isEmpty() ? 0 : alone(left) - (1 - leftOfFirst) * left.getFirst().seconds();
    }

    /** The share of its own pace that a kernel keeps beside another: half of memory is its, and what that leaves. */
    private double pace(Task task, Task other) {
        double all = chip.readBytesPerSecond();
        double given = Math.max(all / NUM_HALVES, all - other.bytesPerSecond());
        return Math.min(1, given / task.bytesPerSecond());
    }
}
