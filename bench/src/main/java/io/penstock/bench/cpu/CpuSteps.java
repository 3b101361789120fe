package io.penstock.bench.cpu;

import com.sun.management.OperatingSystemMXBean;
import io.penstock.bench.Benchmark;
import io.penstock.bench.Measurement;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuModel;
import java.lang.management.ManagementFactory;
import java.util.Random;

/** Sequences on a CPU model: a prefill benchmark in floating-point operations, decode benchmarks in bytes. */
public final class CpuSteps implements AutoCloseable {
    /** Context at which decode starts: short, so that weights are what it reads. */
    private static final int DECODE_CONTEXT = 16;

    private static final int DECODE_STEPS = 8;
    private static final int MIN_WARM_UPS = 2;

    /** What the compiler needs for all kernels, however short a step is. */
    private static final long WARM_UP_NS = 4_000_000_000L;

    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final CpuModel model;
    private final ForwardBatch batch;
    private final int promptLength;
    private final int[] tokens;
    private final int[][] blocks;
    private long cpuNs;
    private int numRuns;

    /** Loads the model with room for a prompt of {@code promptLength} tokens, or {@code maxNumSeqs} rows, in a step. */
    public CpuSteps(ModelTensors tensors, int promptLength, int maxNumSeqs, CpuModel.Options options) {
        this.promptLength = promptLength;
        int maxModelLen = promptLength + DECODE_STEPS + DECODE_CONTEXT;
        int blocksPerSeq = ModelLimits.blocksFor(maxModelLen);
        ModelLimits limits = new ModelLimits(
                maxNumSeqs, Math.max(promptLength, maxNumSeqs), maxModelLen, maxNumSeqs * blocksPerSeq, 0);
        model = new CpuModel(tensors, limits, options, layers -> {});
        batch = new ForwardBatch(limits);
        tokens = new Random(1).ints(maxModelLen, 0, model.config().vocabSize()).toArray();
        blocks = new int[maxNumSeqs][blocksPerSeq];
        for (int slot = 0; slot < maxNumSeqs; slot++) {
            for (int i = 0; i < blocksPerSeq; i++) {
                blocks[slot][i] = slot * blocksPerSeq + i;
                batch.setBlock(slot, i, blocks[slot][i]);
            }
            // A batch has room for the updates of a step, not for all of them at once.
            model.forward(batch);
            batch.clear();
        }
    }

    private void step(int numSeqs, int from, int numTokens) {
        batch.clear();
        for (int slot = 0; slot < numSeqs; slot++) {
            batch.sample(batch.addSequence(slot, tokens, from, numTokens, from, blocks[slot]));
        }
        model.forward(batch);
    }

    /** Bytes of weights that a decode step of one row reads: an expert of a sparse layer counts when it is chosen. */
    public double bytesPerDecode() {
        ModelConfig config = model.config();
        return model.weightBytes() * ((double) config.activeParameters() / config.parameters());
    }

    /** The same of a step of {@code numSeqs} rows, of which each chooses its experts at random. */
    public double bytesPerDecode(int numSeqs) {
        ModelConfig config = model.config();
        if (!config.isMoe()) {
            return bytesPerDecode();
        }
        double perToken = (double) config.moe().expertsPerToken() / config.moe().numExperts();
        double idle = model.weightBytes() - bytesPerDecode();
        return model.weightBytes() - idle * Math.pow(1 - perToken, numSeqs - 1.0);
    }

    /**
     * Operations of a prefill: two for each weight and token, but the LM head and the last layer's feed-forward
     * part for one row; and attention's products.
     */
    public double flopsPerPrefill() {
        ModelConfig config = model.config();
        double ofOneRow = (double) config.vocabSize() * config.hiddenSize()
                + config.activeFeedForwardParameters(config.numLayers() - 1);
        double perToken = config.activeParameters() - ofOneRow;
        double pairs = promptLength * (promptLength + 1.0) / 2;
        return 2 * (perToken * promptLength + ofOneRow) + 4 * pairs * config.hiddenSize() * config.numAttentionLayers();
    }

    /** A prompt in one step; work is floating-point operations. */
    public Benchmark prefill() {
        return new Steps("prefill-" + promptLength, "FLOP", () -> step(1, 0, promptLength),
                flopsPerPrefill());
    }

    /** A few tokens of {@code numSeqs} sequences, one each a step; work is bytes of weights. */
    public Benchmark decode(int numSeqs) {
        return new Steps(numSeqs == 1 ? "decode" : "decode-" + numSeqs, "byte", () -> decodeSome(numSeqs),
                DECODE_STEPS * bytesPerDecode(numSeqs));
    }

    private void decodeSome(int numSeqs) {
        for (int i = 0; i < DECODE_STEPS; i++) {
            step(numSeqs, DECODE_CONTEXT + i, 1);
        }
    }

    /** Steps per run of {@link #decode}. */
    public int decodeSteps() {
        return DECODE_STEPS;
    }

    @Override
    public void close() {
        model.close();
    }

    /** Processor time of this process in the runs of the last benchmark, by their number; 0 before any. */
    public double cpuNsPerRun() {
        return numRuns == 0 ? 0 : (double) cpuNs / numRuns;
    }

    private final class Steps implements Benchmark {
        private final String name;
        private final String workUnit;
        private final Runnable work;
        private final double workPerRun;

        private Steps(String name, String workUnit, Runnable work, double workPerRun) {
            this.name = name;
            this.workUnit = workUnit;
            this.work = work;
            this.workPerRun = workPerRun;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String workUnit() {
            return workUnit;
        }

        @Override
        public void warmUp() {
            long startNs = System.nanoTime();
            for (int i = 0; i < MIN_WARM_UPS || System.nanoTime() - startNs < WARM_UP_NS; i++) {
                work.run();
            }
            cpuNs = 0;
            numRuns = 0;
        }

        @Override
        public Measurement run() {
            long startCpuNs = PROCESS.getProcessCpuTime();
            long startNs = System.nanoTime();
            work.run();
            long elapsedNs = System.nanoTime() - startNs;
            cpuNs += PROCESS.getProcessCpuTime() - startCpuNs;
            numRuns++;
            return new Measurement(elapsedNs, workPerRun);
        }
    }
}
