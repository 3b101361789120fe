package io.penstock.runtime.cuda;

import io.penstock.device.DeviceProperties;
import io.penstock.device.Kernel;
import io.penstock.device.LaunchShape;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.TileTable;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.ForwardPass;
import io.penstock.runtime.model.ModelLoader;
import io.penstock.runtime.model.ObservedOps;
import io.penstock.runtime.model.OperationObserver;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Trace;
import java.util.ArrayList;
import java.util.List;

/**
 * What a decode step queues on a device, launch by launch: made by the forward pass, the operations and the sampler
 * themselves, on a device that only writes down. Neither weights nor a GPU are needed. One of 64 sequences gets a new
 * block.
 *
 * @param launches in their order
 * @param numCopies between host and device, before and behind them
 * @param copiedBytes of these
 */
public record StepLaunches(List<Launch> launches, int numCopies, long copiedBytes) {
    /** What belongs to no layer. */
    public static final int NO_LAYER = -1;

    private static final String BEGIN_STEP = "beginStep";
    private static final String FIRST_NORM = "rmsNorm";

    /** Of the weights; 0 would be none. */
    private static final long FIRST_ADDRESS = 256;

    /**
     * One launch.
     *
     * @param layer of the model, or {@link #NO_LAYER} before the first and behind the last
     * @param operation as {@link ObservedOps} names it, or {@link StepProbe#SAMPLE}
     * @param kernel the entry
     * @param isEarly whether it may begin before the one in front of it has ended
     */
    public record Launch(
            int layer, String operation, String kernel, int numBlocks, int blockThreads, boolean isEarly) {}

    public StepLaunches {
        launches = List.copyOf(launches);
    }

    /** Writes down what is queued, and for which operation. */
    private static final class Recorder implements PlannedDevice.Work, OperationObserver, Trace {
        private final List<Launch> launches = new ArrayList<>();
        private final int numLayers;
        private int layer = NO_LAYER;
        private String operation = "";
        private int numCopies;
        private long copiedBytes;

        Recorder(int numLayers) {
            this.numLayers = numLayers;
        }

        @Override
        public void launched(Kernel kernel, LaunchShape shape, boolean isEarly) {
            launches.add(new Launch(layer, operation, kernel.name(), shape.gridX() * shape.gridY() * shape.gridZ(),
                    shape.blockX() * shape.blockY() * shape.blockZ(), isEarly));
        }

        @Override
        public void copied(long sizeBytes) {
            numCopies++;
            copiedBytes += sizeBytes;
        }

        @Override
        public void before(String name) {
            operation = name;
        }

        @Override
        public void after(String name) {
            layer = name.equals(FIRST_NORM) ? 0 : layer;
        }

        @Override
        public boolean looksInside() {
            return false;
        }

        @Override
        public void hidden(int doneLayer, Tensor residual) {
            layer = doneLayer + 1 < numLayers ? doneLayer + 1 : NO_LAYER;
        }

        void clear() {
            launches.clear();
            numCopies = 0;
            copiedBytes = 0;
        }
    }

    /**
     * Those of a decode step of a model, as a runner queues it.
     *
     * @param context tokens of each sequence, this step's among them
     * @param serialization of the stream
     */
    public static StepLaunches ofDecode(ModelConfig config, DeviceProperties properties, int numSeqs, int context,
            Stream.Serialization serialization) {
        ModelLimits limits = StepProbe.limits(numSeqs, context);
        Recorder recorder = new Recorder(config.numLayers());
        PlannedDevice device = new PlannedDevice(properties, recorder);
        var vocabulary = new DeviceSampler.Vocabulary(
                WeightLayout.paddedRows(config.vocabSize()), config.vocabSize(), new int[0]);
        try (DummyCheckpoint shapes = new DummyCheckpoint(config, 0);
                DeviceWorkspace workspace = new DeviceWorkspace(
                        device, serialization, config, limits, TileTable.BUILT_IN, HalfBatches.NONE);
                DeviceSampler sampler = new DeviceSampler(device, workspace.stream(), workspace.ops(),
                        workspace.samplerMemory(), limits, vocabulary)) {
            var layout = new WeightLayout(FIRST_ADDRESS, WeightFormat.of(properties));
            var weights = new ModelLoader(shapes, layout).load(_ -> { });
            sampler.chooseInHead(true);
            ForwardBatch batch = new ForwardBatch(limits);
            for (int slot = 0; slot < numSeqs; slot += ModelLimits.BLOCK_TOKENS) {
                batch.setBlock(slot, ModelLimits.blocksFor(context) - 1, slot);
            }
            StepProbe.fillDecode(batch, numSeqs, context);
            recorder.clear();
            recorder.before(BEGIN_STEP);
            workspace.ops().beginStep(batch);
            sampler.beginStep(batch);
            var ops = new ObservedOps(workspace.ops(), recorder, weights);
            new ForwardPass(weights, ops, workspace.activations(), recorder).compute(batch);
            recorder.before(StepProbe.SAMPLE);
            DeviceTensor logits = (DeviceTensor) workspace.activations().head().logits();
            sampler.sample(logits);
            try (PinnedMemory results = device.allocatePinned("results", sampler.resultBytes())) {
                sampler.copyResults(results.segment(), logits.rows(), false);
            }
            return new StepLaunches(recorder.launches, recorder.numCopies, recorder.copiedBytes);
        }
    }
}
