package io.penstock.cli;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.GraphMode;
import io.penstock.runtime.cuda.TileTableFile;
import io.penstock.serving.model.AskedLimits;
import io.penstock.serving.model.Backend;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.ResolvedLimits;
import io.penstock.serving.model.ServingConfig;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of what runs a model: where, in which numbers, within which limits. */
final class EngineOptions {
    private static final Logger LOG = LoggerFactory.getLogger(EngineOptions.class);

    private static final int DEFAULT_BATCHED_TOKENS = 512;

    enum Dtype { AUTO, FLOAT32, BFLOAT16 }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto, cpu, cuda, cuda:N for another than the first GPU, or emulator, which runs the GPU's"
                    + " kernels on the CPU, slowly, and checks them; emulator:sm_90 runs those that a Hopper GPU gets."
                    + " Default: auto, the GPU if there is one, else the CPU.")
    private String device;

    @Option(
            names = "--gpu-memory-utilization",
            paramLabel = "SHARE",
            defaultValue = "0.9",
            description = "The share of the GPU's memory that may be used. Default: 0.9.")
    private double memoryUtilization;

    @Option(
            names = "--graphs",
            paramLabel = "WHEN",
            defaultValue = "BACKGROUND",
            description = "When decode steps are captured as CUDA graphs: start, background (while steps run) or off."
                    + " The answers are the same. Default: background.")
    private GraphMode graphs;

    @Mixin
    private OverlapOptions overlap;

    @Option(
            names = "--pdl",
            description = "Lets kernels begin before the one in front of them has ended (programmatic dependent"
                    + " launch), on a GPU of compute capability 9.0 with a driver of CUDA 12.3 or newer: steps of few"
                    + " sequences are predicted to gain, and none has been measured. The answers are the same."
                    + " Default: off.")
    private boolean isProgrammatic;

    @Mixin
    private GpuDebugOptions debug;

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
            description = "Tokens computed in one step. Default: 512; with --preset throughput 1024.")
    private Integer maxNumBatchedTokens;

    /** Refuses what cannot be used, before anything is read. */
    void validate() {
        if (!Devices.isName(device)) {
            throw wrong("--device must be auto, cpu, cuda, cuda:N, " + Devices.EMULATORS + ", not '" + device + "'");
        }
        boolean isOnDevice = !device.equals("auto") && !device.equals("cpu");
        if (isOnDevice && (dtype == Dtype.FLOAT32 || numThreads != null)) {
            throw wrong((numThreads != null ? "--threads" : "--dtype float32") + " is for the CPU: leave it out, or use"
                    + " --device cpu");
        }
        if (debug.areGiven() && device.equals("cpu")) {
            throw wrong("--sync-launches and --nvtx are for GPUs: leave them out, or use --device cuda");
        }
        overlap.validate();
        if (overlap.areGiven() && device.equals("cpu")) {
            throw wrong("--overlap is for GPUs: leave it out, or use --device cuda");
        }
        if (isProgrammatic && device.equals("cpu")) {
            throw wrong("--pdl is for GPUs: leave it out, or use --device cuda");
        }
        if (!(memoryUtilization > 0 && memoryUtilization <= 1)) {
            throw wrong("--gpu-memory-utilization must be above 0 and at most 1, not " + memoryUtilization);
        }
        if (numThreads != null && (numThreads < 1 || numThreads > Backend.MOST_THREADS)) {
            throw wrong("--threads must be between 1 and " + Backend.MOST_THREADS + ", not " + numThreads);
        }
        if (maxModelLen != null && maxModelLen < 1) {
            throw wrong("--max-model-len must be at least 1, not " + maxModelLen);
        }
        if (maxNumBatchedTokens != null
                && (maxNumBatchedTokens < 1 || maxNumBatchedTokens > AskedLimits.MOST_BATCHED_TOKENS)) {
            throw wrong("--max-num-batched-tokens must be between 1 and " + AskedLimits.MOST_BATCHED_TOKENS + ", not "
                    + maxNumBatchedTokens);
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
        return maxModelLen != null ? maxModelLen
                : Math.min(most, wanted > 0 ? wanted : ResolvedLimits.DEFAULT_MODEL_LEN);
    }

    /** As the user wrote it. */
    String device() {
        return device;
    }

    /** The numbers that were asked for, in the word of the engine protocol; null where none were. */
    String dtypeName() {
        return dtype == Dtype.AUTO ? null : dtype.name().toLowerCase(Locale.ROOT);
    }

    /** Null where the preset decides. */
    Integer maxNumBatchedTokens() {
        return maxNumBatchedTokens;
    }

    /** A preset with the options that are given here, but for the limits. */
    ServingConfig config(Preset preset, ModelConfig model) {
        return ServingConfig.of(preset).on(backend(model));
    }

    private Backend.Cpu cpu() {
        return new Backend.Cpu(dtype == Dtype.BFLOAT16 ? Arithmetic.BFLOAT16 : Arithmetic.FLOAT32,
                numThreads == null ? 0 : numThreads);
    }

    private Backend backend(ModelConfig model) {
        return switch (device) {
            case "cpu" -> cpu();
            case "auto" -> {
                String reason = dtype == Dtype.FLOAT32 ? "--dtype float32 asks for it"
                        : numThreads != null ? "--threads asks for it" : Devices.whyNoCuda(model);
                if (!reason.isEmpty()) {
                    LOG.info("the CPU is used: {}", reason);
                    yield cpu();
                }
                yield Devices.accelerator("cuda", memoryUtilization, debug.mode(), options());
            }
            default -> Devices.accelerator(device, memoryUtilization, debug.mode(), options());
        };
    }

    private CudaOptions options() {
        return debug.applied(CudaOptions.DEFAULTS.withGraphs(graphs).withTiles(TileTableFile.folder())
                .withHalvedRows(overlap.halvedRows()).withProgrammaticLaunches(isProgrammatic));
    }

    /** Refuses a device, for commands that run on the CPU only. */
    void requireCpu() {
        if (!device.equals("auto") && !device.equals("cpu")) {
            throw new InputException("--device " + device + " is for generate, chat and bench: this command runs on the"
                    + " CPU, leave it out");
        }
    }

    /** Loads the weights and room for one sequence. */
    CpuModel load(ModelSource source, int modelLen) {
        var limits = new ModelLimits(1, maxNumBatchedTokens == null ? DEFAULT_BATCHED_TOKENS : maxNumBatchedTokens,
                modelLen, ModelLimits.blocksFor(modelLen), 0);
        return loading(source, layerLoaded -> source.load(limits, cpu().options(), layerLoaded));
    }

    /** Loads something; a bar shows how far, if it takes long and a person looks. */
    static <T> T loading(ModelSource source, Function<IntConsumer, T> load) {
        return ProgressBar.during("loading " + source.name(), source.config().numLayers(), load);
    }
}
