package io.penstock.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.bench.simulate.Fleet;
import io.penstock.bench.simulate.FleetConfig;
import io.penstock.bench.simulate.FleetReport;
import io.penstock.bench.simulate.FloorCost;
import io.penstock.bench.simulate.FloorTable;
import io.penstock.bench.simulate.Scenario;
import io.penstock.bench.simulate.Simulation;
import io.penstock.bench.simulate.SimulationConfig;
import io.penstock.bench.simulate.SimulationReport;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.plan.MemoryPlan;
import io.penstock.scheduler.SchedulerConfig;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "simulate",
        abbreviateSynopsis = true,
        description = "Runs the scheduler under a virtual clock, without a model or a GPU, and predicts tokens/s and"
                + " latencies from what the chip allows: for each operation of a step the longer of its bytes at full"
                + " bandwidth and its FLOPs at the peak. The same seed gives the same figures.",
        footer = {
            "%nExamples:",
            "  penstock bench simulate --list",
            "  penstock bench simulate --scenario closed_loop_1024_256 --device h200 --seqs 2048",
            "  penstock bench simulate --scenario overload --device h100 --seqs 512 --efficiency 0.7 --json",
            "  penstock bench simulate --floor-table --device h100 --host-ms 0.2",
            "  penstock bench simulate --scenario multi_turn_chat --gpus 10 --seqs 256 --router prefix-affinity",
            "%nThe ideal is a device that is always full of the scenario's average request: prefill evenly mixed with"
                    + " decode, sequences beginning as fast as others end, the best mix that --seqs,"
                    + " --max-num-batched-tokens and the KV blocks allow, at the same cost of a step.",
        })
final class BenchSimulateCommand implements Callable<Integer> {
    private static final int MAX_SEQS = 16_384;
    private static final int MAX_PROMPTS = 1_000_000;
    private static final int MAX_STEP_TOKENS = 1 << 20;
    private static final int SNAPSHOTS_PER_SEQ = 4;
    private static final int CHECK_INTERVAL = 1024;
    private static final double MEMORY_SHARE = 0.9;
    private static final double MAX_SWAP_GIB = 4096;
    private static final double MAX_HOST_MS = 1000;

    private static final int[] TABLE_SEQS = {1, 32, 100, 256, 1024, 2048, 4096};

    enum Preset { THROUGHPUT, LATENCY }

    @Spec
    private CommandSpec spec;

    @Option(names = "--scenario", paramLabel = "NAME", description = "The traffic; --list shows all.")
    private String scenarioName;

    @Option(names = "--list", description = "Lists the scenarios.")
    private boolean list;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "h200",
            description = "h200, h100, a100-40, a100-80, l40s or rtx4090. Default: h200.")
    private String deviceName;

    @Option(
            names = "--shape",
            paramLabel = "NAME",
            defaultValue = "lfm2.5-8b-a1b",
            description = "Shape of the model. Default: lfm2.5-8b-a1b.")
    private String shape;

    @Option(
            names = {"--seqs", "--max-num-seqs"},
            paramLabel = "N",
            defaultValue = "2048",
            description = "Sequences at once, and requests at once in a closed loop. Default: 2048.")
    private int numSeqs;

    @Option(
            names = "--num-prompts",
            paramLabel = "N",
            description = "Requests of the run. Default: 1 to 8 for each sequence, as the scenario has it.")
    private Integer numPrompts;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Default: 0.")
    private long seed;

    @Option(
            names = "--max-num-batched-tokens",
            paramLabel = "N",
            defaultValue = "8192",
            description = "Tokens in one step. Default: 8192.")
    private int maxNumBatchedTokens;

    @Option(
            names = "--kv-blocks",
            paramLabel = "N",
            description = "KV blocks of 64 tokens. Default: what 90 %% of the device's memory leaves.")
    private Integer numKvBlocks;

    @Option(
            names = "--swap-gib",
            paramLabel = "G",
            defaultValue = "0",
            description = "Host memory for KV blocks of preempted sequences, in GiB. Default: 0.")
    private double swapGib;

    @Option(
            names = "--max-queued-requests",
            paramLabel = "N",
            description = "Requests that may wait; more are turned away. Default: as many as run in the scenario"
                    + " overload, else no limit.")
    private Integer maxQueuedRequests;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "THROUGHPUT",
            description = "throughput or latency. Default: throughput.")
    private Preset preset;

    @Option(names = "--sync", description = "Plans a step only when the one before it is done.")
    private boolean isSync;

    @Option(
            names = "--host-ms",
            paramLabel = "MS",
            defaultValue = "0",
            description = "Host time of each step in milliseconds. Default: 0.")
    private double hostMs;

    @Option(
            names = "--efficiency",
            paramLabel = "E",
            defaultValue = "1",
            description = "Share of the chip's speed that the kernels reach, above 0. Default: 1, the floors.")
    private double efficiency;

    @Option(
            names = "--json",
            description = "Prints one JSON object with the keys of vllm bench serve and the scheduler's counters.")
    private boolean json;

    @Option(
            names = "--floor-table",
            description = "Instead of a scenario: what the device allows by sequences at once, and what the schedule"
                    + " leaves of it.")
    private boolean isTable;

    @Mixin
    private FleetOptions fleet;

    @Option(
            names = "--save-result",
            paramLabel = "DIR",
            description = "Appends a JSON line to DIR/simulate.jsonl, or DIR/simulate-fleet.jsonl.")
    private Path results;

    @Override
    public Integer call() {
        if (list) {
            for (Scenario scenario : Scenario.values()) {
                System.out.println(String.format(Locale.ROOT, "%-24s %s", scenario.label(), scenario.description()));
            }
            return 0;
        }
        if (isTable) {
            return floorTable();
        }
        if (scenarioName == null) {
            throw wrong("give --scenario NAME; --list shows all");
        }
        Scenario scenario = asUsage(() -> Scenario.named(scenarioName));
        DeviceSpec device = asUsage(() -> DeviceSpec.named(deviceName));
        requireSensible();
        SimulationConfig config = config(scenario, device);
        if (fleet.isAsked()) {
            return fleet(asUsage(() -> fleet.config(config)), device);
        }
        SimulationReport report = simulate(config);
        save("simulate", scenario.label() + " " + numSeqs, device, Map.of("workload", scenario.label(),
                "max_concurrency", numSeqs, "efficiency", efficiency, "host_ms", hostMs, "overlap", !isSync),
                report.metrics());
        if (json) {
            ObjectNode node = report.toJson();
            node.put("device", device.name());
            node.put("model", shape);
            node.put("efficiency", efficiency);
            node.put("host_ms", hostMs);
            node.put("preset", preset.name().toLowerCase(Locale.ROOT));
            node.put("overlap", !isSync);
            System.out.println(node);
        } else {
            System.out.print(shape + " on " + device.name() + ", " + report.table());
        }
        return 0;
    }

    private int fleet(FleetConfig config, DeviceSpec device) {
        FleetReport report = ProgressBar.during("simulating " + config.numReplicas() + " GPUs",
                config.replica().numRequests(), onEnded -> Fleet.run(config, onEnded));
        System.out.print(json ? report.toJson() + "\n" : shape + " on " + device.name() + ", " + report.table());
        save("simulate-fleet", config.replica().scenario().label() + " " + config.numReplicas() + " GPUs "
                + report.settings().get("router"), device, report.settings(), report.metrics());
        return 0;
    }

    private int floorTable() {
        DeviceSpec device = asUsage(() -> DeviceSpec.named(deviceName));
        requireUpTo("--host-ms", hostMs, MAX_HOST_MS);
        ModelConfig model = asUsage(() -> ModelShapes.named(shape));
        long hostNs = Math.round(hostMs * 1e6);
        List<FloorTable.Row> rows = ProgressBar.during("simulating", TABLE_SEQS.length,
                onRow -> FloorTable.of(model, device, TABLE_SEQS, hostNs, onRow));
        System.out.print(FloorTable.table(shape, device, hostNs, rows));
        for (FloorTable.Row row : rows) {
            save("simulate", "floor-table " + row.numSeqs(), device,
                    Map.of("workload", "floors", "sequences", row.numSeqs(), "host_ms", hostMs),
                    Map.of("decodeTokensPerSecond", row.decode(), "floorMs", row.floorMs(), "loopIdeal",
                            row.loopIdeal(), "loopScheduled", row.loopScheduled(), "loopInStep", row.loopInStep()));
        }
        return 0;
    }

    private void save(String suite, String caseName, DeviceSpec device, Map<String, Object> settings,
            Map<String, Double> metrics) {
        if (results != null) {
            RunContext context = RunContext.onDevice(Path.of("").toAbsolutePath(), Instant.now(),
                    device.name() + " floors, simulated", null,
                    CommandLines.of(spec));
            ResultLog.of(results, suite).append(new BenchResult(suite, caseName, context, shape,
                    new TreeMap<>(settings), new TreeMap<>(metrics), null));
        }
    }

    private SimulationReport simulate(SimulationConfig config) {
        return ProgressBar.during("simulating " + config.scenario().label(), config.numRequests(),
                onEnded -> Simulation.run(config, CHECK_INTERVAL, onEnded));
    }

    private void requireSensible() {
        requireBetween("--seqs", numSeqs, 1, MAX_SEQS);
        requireBetween("--num-prompts", numPrompts == null ? 1 : numPrompts, 1, MAX_PROMPTS);
        requireBetween("--max-num-batched-tokens", maxNumBatchedTokens, 1, MAX_STEP_TOKENS);
        requireBetween("--kv-blocks", numKvBlocks == null ? 1 : numKvBlocks, 1, 1 << 24);
        requireBetween("--max-queued-requests", maxQueuedRequests == null ? 1 : maxQueuedRequests, 1,
                Integer.MAX_VALUE);
        requireUpTo("--swap-gib", swapGib, MAX_SWAP_GIB);
        requireUpTo("--host-ms", hostMs, MAX_HOST_MS);
        if (!(efficiency > 0 && efficiency <= 1)) {
            throw wrong("--efficiency must be above 0 and at most 1, not " + efficiency);
        }
    }

    private void requireBetween(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw wrong(option + " must be between " + min + " and " + max + ", not " + value);
        }
    }

    private void requireUpTo(String option, double value, double max) {
        if (!(value >= 0 && value <= max)) {
            throw wrong(String.format(Locale.ROOT, "%s must be between 0 and %.0f, not %s", option, max, value));
        }
    }

    private <T> T asUsage(Supplier<T> named) {
        try {
            return named.get();
        } catch (InputException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private SimulationConfig config(Scenario scenario, DeviceSpec device) {
        ModelConfig model = asUsage(() -> ModelShapes.named(shape));
        int numRequests = numPrompts == null ? scenario.promptsPerSeq() * numSeqs : numPrompts;
        ModelLimits limits = limits(device, model, SimulationConfig.maxLength(scenario, seed, numRequests, 1));
        int maxQueued = maxQueuedRequests != null ? maxQueuedRequests
                : scenario.isQueueBounded() ? numSeqs : SimulationConfig.NO_QUEUE_LIMIT;
        var engine = new SimulationConfig.Engine(limits,
                preset == Preset.LATENCY ? SchedulerConfig.latency() : SchedulerConfig.throughput(), !isSync,
                maxQueued, Math.round(hostMs * 1e6), 0);
        return new SimulationConfig(
                scenario, seed, numRequests, 1, engine, new FloorCost(model, device, efficiency), false);
    }

    private ModelLimits limits(DeviceSpec device, ModelConfig model, int maxLength) {
        int numSnapshots = SNAPSHOTS_PER_SEQ * numSeqs;
        int most = model.dimensions().maxPositionEmbeddings();
        if (maxLength > most) {
            throw new InputException("scenario " + scenarioName + " has sequences of " + maxLength + " tokens and "
                    + shape + " takes " + most + ": choose another scenario or shape");
        }
        int numBlocks = numKvBlocks != null ? numKvBlocks : MemoryPlan.of(model,
                new MemoryPlan.Asked(numSeqs, maxNumBatchedTokens, maxLength, numSnapshots),
                (long) (device.memoryBytes() * MEMORY_SHARE)).limits().numKvBlocks();
        long numSwapBlocks = (long) (swapGib * (1L << 30)) / MemoryPlan.kvBlockBytes(model);
        int needed = ModelLimits.blocksFor(maxLength);
        if (numBlocks < needed) {
            throw new InputException("scenario " + scenarioName + " has sequences of " + maxLength + " tokens: give"
                    + " --kv-blocks " + needed + " at least, not " + numBlocks);
        }
        return new ModelLimits(numSeqs, maxNumBatchedTokens, maxLength, numBlocks, numSnapshots,
                (int) Math.min(numSwapBlocks, 1 << 24));
    }
}
