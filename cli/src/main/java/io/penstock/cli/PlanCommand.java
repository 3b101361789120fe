package io.penstock.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.device.DeviceProperties;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.DevicePlan;
import io.penstock.runtime.plan.MemoryPlan;
import io.penstock.runtime.plan.MemorySize;
import io.penstock.serving.model.ResolvedLimits;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "plan",
        abbreviateSynopsis = true,
        description = "Shows how a GPU's memory would be divided, and how many tokens and sequences fit. Reads"
                + " config.json only and loads nothing.",
        footer = {
            "%nExamples:",
            "  penstock plan --shape lfm2.5-8b-a1b --gpu h100",
            "  penstock plan --model LiquidAI/LFM2.5-8B-A1B --device-memory 24GiB --max-num-seqs 64",
            "%nWorkspace is everything that is allocated beside weights, KV blocks, conv slots and snapshots:"
                    + " activations, routing, attention's partial results, sampling state, tables.",
        })
final class PlanCommand implements Callable<Integer> {
    private static final int[] LENGTHS = {512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072};
    /** Memory in MiB as the driver counts it; multiprocessors, and shared memory in KiB of each. */
    enum Gpu {
        H100(81_559, 90, 132, 228), H200(143_771, 90, 132, 228), A100_40(40_960, 80, 108, 164),
        A100_80(81_920, 80, 108, 164), L40S(46_068, 89, 142, 100), RTX4090(24_564, 89, 128, 100);

        final long bytes;
        private final int computeCapability;
        private final DeviceProperties.Cores cores;

        Gpu(long mebibytes, int computeCapability, int numMultiprocessors, int sharedKib) {
            bytes = mebibytes << 20;
            this.computeCapability = computeCapability;
            cores = new DeviceProperties.Cores(
                    numMultiprocessors, 0, computeCapability == 89 ? 1536 : 2048, 65_536, sharedKib << 10,
                    sharedKib - 1 << 10);
        }

        DeviceProperties properties() {
            return new DeviceProperties(
                    shown(), "none", computeCapability, cores, new DeviceProperties.Memory(bytes, 0, 0, 0));
        }

        static Gpu named(String name) {
            for (Gpu gpu : values()) {
                if (gpu.shown().equals(name.toLowerCase(Locale.ROOT))) {
                    return gpu;
                }
            }
            throw new InputException("unknown GPU '" + name
                    + "': known are h100, h200, a100-40, a100-80, l40s, rtx4090; for others give --device-memory");
        }

        String shown() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions model;

    @Option(names = "--device-memory", paramLabel = "SIZE", description = "The GPU's memory, such as 80GiB or 24GB.")
    private String deviceMemory;

    @Option(names = "--gpu", paramLabel = "NAME", description = "h100, h200, a100-40, a100-80, l40s or rtx4090.")
    private String gpu;

    @Option(
            names = "--gpu-memory-utilization",
            paramLabel = "SHARE",
            defaultValue = "0.9",
            description = "The share of the memory that may be used. Default: 0.9.")
    private double utilization;

    @Option(
            names = "--max-num-seqs",
            paramLabel = "N",
            defaultValue = "256",
            description = "Sequences in one step. Default: 256.")
    private int maxNumSeqs;

    @Option(
            names = "--max-num-batched-tokens",
            paramLabel = "N",
            defaultValue = "8192",
            description = "Tokens in one step. Default: 8192.")
    private int maxNumBatchedTokens;

    @Option(
            names = "--max-model-len",
            paramLabel = "N",
            description = "Tokens of one sequence. Default: the model's own.")
    private Integer maxModelLen;

    @Option(
            names = "--num-snapshots",
            paramLabel = "N",
            description = "Conv states kept for prefix hits. Default: one for 2 KV blocks.")
    private Integer numSnapshots;

    @Mixin
    private OverlapOptions overlap;

    @Option(names = "--json", description = "Prints the plan as one JSON object, sizes in bytes.")
    private boolean json;

    @Override
    public Integer call() {
        requireSensible();
        long memoryBytes = memoryBytes();
        ModelConfig config = model.config();
        int modelLen = maxModelLen == null ? config.dimensions().maxPositionEmbeddings() : maxModelLen;
        int snapshots = numSnapshots == null ? MemoryPlan.Asked.ONE_FOR_TWO_BLOCKS : numSnapshots;
        var asked = new MemoryPlan.Asked(maxNumSeqs, maxNumBatchedTokens, modelLen, snapshots);
        Gpu like = gpu == null ? Gpu.H100 : Gpu.named(gpu);
        MemoryPlan plan = DevicePlan.of(config, asked, ResolvedLimits.masks(config, maxNumSeqs),
                (long) (memoryBytes * utilization),
                CudaOptions.DEFAULTS.withHalvedRows(overlap.halvedRows()), like.properties());
        int[] lengths = IntStream.concat(
                IntStream.of(LENGTHS).filter(length -> length < modelLen), IntStream.of(modelLen)).toArray();
        System.out.print(json ? json(config, plan, memoryBytes, lengths) + "\n"
                : table(config, plan, memoryBytes, lengths));
        return 0;
    }

    private void requireSensible() {
        overlap.validate();
        if ((deviceMemory == null) == (gpu == null)) {
            throw wrong("give the memory to plan for: either --gpu h100 or --device-memory 80GiB");
        }
        if (!(utilization > 0 && utilization <= 1)) {
            throw wrong("--gpu-memory-utilization must be above 0 and at most 1, not " + utilization);
        }
        requireBetween("--max-num-seqs", maxNumSeqs, 1, 1 << 20);
        requireBetween("--max-num-batched-tokens", maxNumBatchedTokens, 1, 1 << 24);
        requireBetween("--max-model-len", maxModelLen == null ? 1 : maxModelLen, 1, Integer.MAX_VALUE);
        requireBetween("--num-snapshots", numSnapshots == null ? 0 : numSnapshots, 0, 1 << 24);
    }

    private void requireBetween(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw wrong(option + " must be between " + min + " and " + max + ", not " + value);
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private long memoryBytes() {
        try {
            return gpu != null ? Gpu.named(gpu).bytes : MemorySize.parse(deviceMemory);
        } catch (InputException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private String title() {
        return model.shape() != null ? model.shape() : model.model() == null ? "penstock-demo" : model.model();
    }

    private String table(ModelConfig config, MemoryPlan plan, long memoryBytes, int[] lengths) {
        var text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%s on %s, of which %s may be used%n%n",
                title(), gpu == null ? MemorySize.show(memoryBytes) : gpu + " (" + MemorySize.show(memoryBytes) + ")",
                MemorySize.show(plan.budgetBytes())));
        row(text, "weights", plan.weightsBytes(),
                String.format(Locale.ROOT, "%,d parameters, bfloat16", config.parameters()));
        String slot = MemorySize.show(MemoryPlan.convSlotBytes(config));
        row(text, "conv slots", plan.convSlotsBytes(), plan.limits().maxNumSeqs() + " sequences x " + slot);
        row(text, "snapshots", plan.snapshotsBytes(), plan.limits().numSnapshots() + " x " + slot);
        row(text, "workspace", plan.workspaceBytes(), plan.limits().maxNumBatchedTokens() + " batched tokens");
        row(text, "KV blocks", plan.kvBytes(), String.format(Locale.ROOT, "%,d of 64 tokens x %s",
                plan.limits().numKvBlocks(), MemorySize.show(plan.kvBlockBytes())));
        row(text, "left over", plan.freeBytes(), "");
        text.append(String.format(Locale.ROOT, "%n%,d tokens of KV, %,d B a token%n%n",
                plan.numKvTokens(), MemoryPlan.kvBytesPerToken(config)));
        text.append("tokens a sequence   sequences at once\n");
        for (int length : lengths) {
            text.append(String.format(Locale.ROOT, "%,17d   %,17d%n", length, plan.numSequences(length)));
        }
        return text.toString();
    }

    private static void row(StringBuilder text, String name, long bytes, String what) {
        String row = String.format(Locale.ROOT, "%-12s %10s   %s", name, MemorySize.show(bytes), what);
        text.append(row.stripTrailing()).append('\n');
    }

    private ObjectNode json(ModelConfig config, MemoryPlan plan, long memoryBytes, int[] lengths) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("model", title());
        node.put("device_memory_bytes", memoryBytes);
        node.put("budget_bytes", plan.budgetBytes());
        node.put("parameters", config.parameters());
        node.put("weights_bytes", plan.weightsBytes());
        node.put("conv_slot_bytes", MemoryPlan.convSlotBytes(config));
        node.put("conv_slots_bytes", plan.convSlotsBytes());
        node.put("snapshots_bytes", plan.snapshotsBytes());
        node.put("workspace_bytes", plan.workspaceBytes());
        node.put("kv_block_bytes", plan.kvBlockBytes());
        node.put("kv_bytes_per_token", MemoryPlan.kvBytesPerToken(config));
        node.put("kv_bytes", plan.kvBytes());
        node.put("free_bytes", plan.freeBytes());
        ObjectNode limits = node.putObject("limits");
        limits.put("max_num_seqs", plan.limits().maxNumSeqs());
        limits.put("max_num_batched_tokens", plan.limits().maxNumBatchedTokens());
        limits.put("max_model_len", plan.limits().maxModelLen());
        limits.put("num_kv_blocks", plan.limits().numKvBlocks());
        limits.put("num_snapshots", plan.limits().numSnapshots());
        node.put("kv_tokens", plan.numKvTokens());
        ObjectNode sequences = node.putObject("sequences_at_length");
        for (int length : lengths) {
            sequences.put(Integer.toString(length), plan.numSequences(length));
        }
        return node;
    }
}
