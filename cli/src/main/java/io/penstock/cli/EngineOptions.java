package io.penstock.cli;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuKernels;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.model.Trace;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of what runs a model: where, in which numbers, within which limits. */
final class EngineOptions {
    /** Tokens of a sequence that there is room for unless more is asked for: KV blocks are allocated at start. */
    private static final int DEFAULT_MODEL_LEN = 4096;

    private static final long QUIET_LOADING_NS = 2_000_000_000L;

    enum Dtype { AUTO, FLOAT32, BFLOAT16 }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto or cpu. Default: auto.")
    private String device;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "AUTO",
            description = "float32, or bfloat16 to round where a GPU's kernels round. Default: auto, which is float32"
                    + " on the CPU.")
    private Dtype dtype;

    @Option(names = "--threads", paramLabel = "N", description = "CPU threads. Default: all cores.")
    private Integer numThreads;

    @Option(
            names = "--max-model-len",
            paramLabel = "N",
            description = "Tokens of one sequence, prompt and output, that memory is kept for. Default: what the prompt"
                    + " and --max-tokens need, else 4096, and never more than the model's own.")
    private Integer maxModelLen;

    @Option(
            names = "--max-num-batched-tokens",
            paramLabel = "N",
            defaultValue = "512",
            description = "Prompt tokens computed in one step. Default: 512.")
    private int maxNumBatchedTokens;

    /** Refuses what cannot be used, before anything is read. */
    void validate() {
        switch (device) {
            case "auto", "cpu" -> { }
            case "cuda", "emulator" -> throw new InputException(
                    "--device " + device + " is not part of this build: use --device cpu");
            default -> throw wrong("--device must be auto or cpu, not '" + device + "'");
        }
        if (numThreads != null && (numThreads < 1 || numThreads > 1024)) {
            throw wrong("--threads must be between 1 and 1024, not " + numThreads);
        }
        if (maxModelLen != null && maxModelLen < 1) {
            throw wrong("--max-model-len must be at least 1, not " + maxModelLen);
        }
        if (maxNumBatchedTokens < 1 || maxNumBatchedTokens > 1 << 16) {
            throw wrong("--max-num-batched-tokens must be between 1 and 65536, not " + maxNumBatchedTokens);
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /**
     * The tokens of one sequence to make room for.
     *
     * @param wanted prompt and output, where both are known; else 0
     */
    int modelLen(ModelConfig config, int wanted) {
        int most = config.dimensions().maxPositionEmbeddings();
        if (maxModelLen != null && maxModelLen > most) {
            throw new InputException("--max-model-len " + maxModelLen + " is more than the " + most
                    + " tokens that the model was trained for: lower it");
        }
        return maxModelLen != null ? maxModelLen : Math.min(most, wanted > 0 ? wanted : DEFAULT_MODEL_LEN);
    }

    /** The CPU keeps a layer's blocks in one array. */
    private static int numKvBlocks(ModelConfig config, int numSeqs, int modelLen) {
        long numBlocks = (long) numSeqs * ModelLimits.blocksFor(modelLen);
        long floatsPerBlock = 2L * ModelLimits.BLOCK_TOKENS * config.attention().kvWidth();
        if (numBlocks * floatsPerBlock > Integer.MAX_VALUE) {
            throw new InputException(numSeqs + " choices of " + modelLen + " tokens are more than the CPU's KV memory"
                    + " can hold: lower -n, --max-tokens or --max-model-len");
        }
        return (int) numBlocks;
    }

    /** Loads the weights and allocates everything; a bar shows how far, if it takes long and a person looks. */
    CpuModel load(ModelSource source, int numSeqs, int modelLen) {
        int numBlocks = numKvBlocks(source.config(), numSeqs, modelLen);
        var limits = new ModelLimits(numSeqs, Math.max(numSeqs, maxNumBatchedTokens), modelLen, numBlocks, 0);
        var options = new CpuModel.Options(
                dtype == Dtype.BFLOAT16 ? Arithmetic.BFLOAT16 : Arithmetic.FLOAT32,
                CpuKernels.select(),
                numThreads == null ? Runtime.getRuntime().availableProcessors() : numThreads,
                Trace.NONE);
        var bar = new ProgressBar(
                System.err, Terminals.isError(), "loading " + source.name(), QUIET_LOADING_NS, System::nanoTime);
        try (ModelTensors tensors = source.openTensors()) {
            return new CpuModel(tensors, limits, options, done -> bar.count(done, source.config().numLayers()));
        } finally {
            bar.clear();
        }
    }
}
