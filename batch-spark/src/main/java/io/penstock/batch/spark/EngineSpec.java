package io.penstock.batch.spark;

import io.penstock.device.DeviceException;
import io.penstock.device.DeviceProbe;
import io.penstock.device.Device;
import io.penstock.device.cuda.CudaDevices;
import io.penstock.runtime.InputException;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.plan.MemorySize;
import io.penstock.serving.model.AskedLimits;
import io.penstock.serving.model.Backend;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.Penstock;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/**
 * What an engine is, as it travels to the executors: those that are equal can be one.
 *
 * @param chatTemplate null for the checkpoint's own
 * @param device auto, cpu, cuda or cuda:N
 * @param isBfloat16 on the CPU: round where a GPU's kernels round
 * @param numThreads on the CPU; 0 for all of the executor's cores
 */
record EngineSpec(String model, String chatTemplate, String device, boolean isBfloat16, int numThreads,
        double memoryUtilization, Limits limits) implements Serializable {
    private static final Pattern DEVICE = Pattern.compile("auto|cpu|cuda(:\\d{1,3})?");
    private static final String CUDA = "cuda";
    private static final double DEFAULT_MEMORY_UTILIZATION = 0.9;

    /** Limits that are asked for; null where the engine decides. */
    record Limits(Integer maxNumSeqs, Integer maxNumBatchedTokens, Integer maxModelLen, Long kvBytes,
            boolean prefixCaching) implements Serializable {
        AskedLimits asked() {
            return new AskedLimits(maxNumSeqs, maxNumBatchedTokens, maxModelLen, null, kvBytes, null, null);
        }
    }

    /** @throws InputException if an option's value is none */
    static EngineSpec of(OptionValues options) {
        if (!options.has(TransformOption.MODEL)) {
            throw new InputException("option model must be given: a checkpoint's directory on every executor, or"
                    + " ORG/NAME of the hub cache");
        }
        String device = options.text(TransformOption.DEVICE, "auto");
        if (!DEVICE.matcher(device).matches()) {
            throw options.wrong(TransformOption.DEVICE, "auto, cpu, cuda or cuda:N", null);
        }
        String dtype = options.text(TransformOption.DTYPE, "float32");
        if (!dtype.equals("float32") && !dtype.equals("bfloat16")) {
            throw options.wrong(TransformOption.DTYPE, "float32 or bfloat16", null);
        }
        Integer threads = options.integer(TransformOption.THREADS);
        var limits = new Limits(options.integer(TransformOption.MAX_NUM_SEQS),
                options.integer(TransformOption.MAX_NUM_BATCHED_TOKENS),
                options.integer(TransformOption.MAX_MODEL_LEN), kvBytes(options),
                options.flag(TransformOption.PREFIX_CACHING, true));
        var spec = new EngineSpec(options.text(TransformOption.MODEL), options.text(TransformOption.CHAT_TEMPLATE),
                device, dtype.equals("bfloat16"), threads == null ? 0 : threads,
                options.number(TransformOption.GPU_MEMORY_UTILIZATION, DEFAULT_MEMORY_UTILIZATION), limits);
        spec.limits.asked();
        spec.onCpu(Math.max(1, spec.numThreads));
        spec.onGpu(0);
        return spec;
    }

    private static Long kvBytes(OptionValues options) {
        return options.has(TransformOption.KV_CACHE_MEMORY_BYTES)
                ? Long.valueOf(MemorySize.parse(options.text(TransformOption.KV_CACHE_MEMORY_BYTES))) : null;
    }

    /** Whether it will run on the GPU that Spark gives a task, and not on one that is named, or on none. */
    boolean takesGpuOfTask() {
        return device.equals("auto") || device.equals(CUDA);
    }

    /**
     * Loads the model and starts its engine.
     *
     * @param gpu the GPU that Spark gave the task, as its discovery named it; null for none
     * @param numCores of this executor
     * @throws InputException if there is no such model or GPU, or it does not fit
     */
    Penstock open(String gpu, int numCores) {
        var encoder = new RequestEncoder(
                ModelSource.read(model, directory(), false), chatTemplate == null ? null : local(chatTemplate));
        ServingConfig config = ServingConfig.of(Preset.THROUGHPUT)
                .withLimits(limits.asked())
                .withPrefixCaching(limits.prefixCaching)
                .on(backend(gpu, numCores));
        return Penstock.open(encoder, config, _ -> { }, () -> {
            throw new IllegalStateException("every row has a seed");
        });
    }

    /** Among what Spark has brought, if it is there. */
    private Path directory() {
        return ModelSource.directory(local(model));
    }

    private static String local(String name) {
        if (SparkEnv.get() == null || Path.of(name).isAbsolute() || Files.exists(Path.of(name))) {
            return name;
        }
        String brought = SparkFiles.get(name);
        return Files.exists(Path.of(brought)) ? brought : name;
    }

    private Backend backend(String gpu, int numCores) {
        if (device.equals("cpu") || device.equals("auto") && gpu == null) {
            return onCpu(numThreads == 0 ? numCores : numThreads);
        }
        return onGpu(ordinal(gpu));
    }

    private Backend onCpu(int threads) {
        return new Backend.Cpu(isBfloat16 ? Arithmetic.BFLOAT16 : Arithmetic.FLOAT32, threads);
    }

    private Backend onGpu(int ordinal) {
        return new Backend.Accelerator(() -> open(ordinal), memoryUtilization, true, CudaOptions.DEFAULTS);
    }

    /** A GPU that is named wins over the one that Spark gave. */
    private int ordinal(String gpu) {
        if (device.startsWith(CUDA + ":")) {
            return Integer.parseInt(device.substring(CUDA.length() + 1));
        }
        if (gpu == null) {
            return 0;
        }
        if (!gpu.matches("\\d{1,3}")) {
            throw new InputException("Spark's GPU '" + gpu + "' is no number: let bin/penstock-gpus find the GPUs"
                    + " (spark.executor.resource.gpu.discoveryScript)");
        }
        return Integer.parseInt(gpu);
    }

    private static Device open(int ordinal) {
        if (CudaDevices.probe(ordinal, 0) instanceof DeviceProbe.Unavailable none) {
            throw new InputException("GPU " + ordinal + ": " + none.message());
        }
        try {
            return CudaDevices.open(ordinal);
        } catch (DeviceException e) {
            throw new InputException("GPU " + ordinal + " failed: " + e.getMessage(), e);
        }
    }
}
