package io.penstock.cli;

import com.fasterxml.jackson.databind.node.BooleanNode;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.bench.loadgen.run.LoadMetrics;
import io.penstock.bench.loadgen.run.LoadPlan;
import io.penstock.bench.loadgen.serve.ServeBackend;
import io.penstock.bench.loadgen.serve.ServeBenchmark;
import io.penstock.bench.loadgen.serve.ServeCase;
import io.penstock.bench.loadgen.serve.ServeReport;
import io.penstock.bench.loadgen.serve.ServeTarget;
import io.penstock.bench.loadgen.serve.ServerProbe;
import io.penstock.bench.loadgen.workload.Workloads;
import io.penstock.bench.machine.GpuEnergyMeter;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.device.cuda.GpuMonitor;
import io.penstock.runtime.text.Tokenizer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;
import org.jline.utils.Signals;
import picocli.CommandLine.Model.CommandSpec;

/** One server and the options of its measurement; runs loads on it, one after the other. */
final class LoadSession implements AutoCloseable {
    /** Exit code after Ctrl-C. */
    static final int INTERRUPTED = 130;

    static final String SUITE = "serve";


    private final CommandSpec spec;
    private final WorkloadArguments workload;
    private final LoadArguments load;
    private final LoadResultOptions results;
    private final ServerProbe probe;
    private final String model;
    private final Tokenizer tokenizer;
    private final ServeTarget target;
    private final Optional<GpuMonitor> gpu;
    private final ServeBenchmark benchmark;
    private final AtomicInteger numInterrupts = new AtomicInteger();
    private final LoadMetrics.Wanted wanted;
    private final Map<String, Object> facts = new LinkedHashMap<>();

    private LoadSession(CommandSpec spec, LoadTargetOptions asked, WorkloadArguments workload, LoadArguments load,
            LoadResultOptions results) {
        this.spec = spec;
        this.workload = workload;
        this.load = load;
        this.results = results;
        wanted = results.wanted();
        ServeBackend backend = asked.backend();
        probe = new ServerProbe(asked.metricsBase(), asked.headers(), asked.isInsecure());
        boolean isGrpc = backend == ServeBackend.VLLM_GRPC;
        model = asked.model() != null ? asked.model()
                : isGrpc ? probe.models().stream().findFirst().orElse(Installation.DEMO_NAME) : probe.firstModel();
        tokenizer = workload.tokenizer(model);
        boolean needsIds = workload.workload() == Workloads.MULTI_TURN && backend == ServeBackend.OPENAI;
        ServeTarget plain = asked.target(model, asked.ignoreEos() || workload.isEndless());
        target = needsIds ? plain.with("return_token_ids", BooleanNode.TRUE) : plain;
        gpu = target.isLocal() && !asked.isOnCpu() ? Devices.monitor(asked.gpu()) : Optional.empty();
        benchmark = new ServeBenchmark(target, load.client(), probe, gpu.map(GpuEnergyMeter::new).orElse(null));
        facts.put("engine", probe.engine());
        facts.put("engine_version", probe.version());
        facts.put("backend", backend.label());
        facts.put("endpoint", target.endpoint());
        facts.putAll(workload.config());
        load.describe(facts);
        facts.put("ignore_eos", target.body().path("ignore_eos").asBoolean(false));
        facts.putAll(results.metadata());
    }

    /** Checks the options and asks the server who it is. */
    static LoadSession open(CommandSpec spec, LoadTargetOptions target, WorkloadArguments workload, LoadArguments load,
            LoadResultOptions results) {
        workload.validate();
        load.validate();
        NetworkLogs.toOurs();
        return new LoadSession(spec, target, workload, load, results);
    }

    /** Makes sure that the server answers, and warms it up. */
    void prepare() throws InterruptedException {
        benchmark.requireReady(load.readyTimeoutNs());
        if (load.numWarmups() > 0) {
            benchmark.warmUp(workload.warmUps(isChat(), tokenizer, load.numWarmups()), load.maxConcurrency());
        }
    }

    private boolean isChat() {
        return target.backend() == ServeBackend.OPENAI_CHAT;
    }

    List<LoadRequest> requests() {
        return workload.requests(isChat(), tokenizer);
    }

    /** Requests of a seed of their own: what others left in a prefix cache is none of theirs. */
    List<LoadRequest> requests(int number, long seed, int inputLen, int outputLen) {
        return workload.requests(isChat(), tokenizer, number, seed, inputLen, outputLen);
    }

    /** Whether a result is of this model, by this way of asking. */
    boolean isOfServer(BenchResult result) {
        return model.equals(result.model()) && facts.get("backend").equals(result.config().get("backend"))
                && facts.get("engine").equals(result.config().get("engine"));
    }

    /** The name of a case in the results. */
    String caseName(int maxConcurrency, int inputLen, int outputLen) {
        return ServeCase.name(workload.workload().label(), inputLen, outputLen, maxConcurrency, load.requestRate());
    }

    /** One run and its case. */
    record Run(LoadSession session, String name, Map<String, Object> config, Instant date,
            ServeBenchmark.Measured measured) {
        BenchResult result() {
            return new BenchResult(SUITE, name, session.context(date), session.model, config, measured.metrics(), null);
        }

        /** The same with one more thing said of it. */
        Run with(String key, Object value) {
            Map<String, Object> more = new LinkedHashMap<>(config);
            more.put(key, value);
            return new Run(session, name, more, date, measured);
        }

        /** Keeps it as the options have it; not if it was interrupted, for it would pass for a whole one. */
        void save() {
            if (session.numInterrupts.get() > 0) {
                return;
            }
            if (session.results.lines() != null) {
                ResultLog.of(session.results.lines(), SUITE).append(result());
            }
            session.results.writeJson(config, session.model, measured);
        }

        /** 0 if all went well; says what did not. */
        int exitCode() {
            if (session.numInterrupts.get() > 0) {
                System.err.println("penstock: interrupted; the figures are of the requests until then, and not saved");
                return INTERRUPTED;
            }
            String complaint = ServeReport.complaint(measured.outcome());
            if (complaint != null) {
                System.err.println("penstock: " + complaint);
            }
            return complaint == null ? 0 : 1;
        }
    }

    /**
     * Runs a load.
     *
     * @param inputLen where all prompts have as many tokens, else 0; likewise {@code outputLen}
     */
    Run run(int maxConcurrency, int inputLen, int outputLen, List<LoadRequest> requests) throws InterruptedException {
        boolean areIds = target.backend() != ServeBackend.OPENAI_CHAT;
        boolean isCounted = tokenizer != null && target.backend() != ServeBackend.VLLM_GRPC;
        RequestRecord.Kept kept = results.kept(workload.workload() == Workloads.MULTI_TURN, areIds, isCounted);
        LoadPlan plan = LoadPlan.of(requests, load.arrivals(), maxConcurrency, workload.seed(), kept);
        ToIntFunction<String> ownCount = isCounted ? text -> tokenizer.encodeAsText(text).length : null;
        Map<String, Object> config = new LinkedHashMap<>(facts);
        config.put("num_prompts", requests.size());
        putIf(maxConcurrency != LoadPlan.UNBOUNDED, config, "max_concurrency", maxConcurrency);
        putIf(inputLen > 0, config, "input_len", inputLen);
        putIf(outputLen > 0, config, "output_len", outputLen);
        String name = caseName(maxConcurrency, inputLen, outputLen);
        Instant date = Instant.now();
        var bar = new ProgressBar(System.err, Terminals.isError() && !results.isQuiet(), name, ProgressBar.QUIET_NS,
                System::nanoTime);
        Object before = Signals.register("INT", this::interrupt);
        try {
            return new Run(this, name, config, date, benchmark.measure(plan, wanted, ownCount,
                    (ended, total, _) -> bar.count(ended, total)));
        } finally {
            Signals.unregister("INT", before);
            bar.clear();
        }
    }

    /** The first one lets open requests end, whose figures are then shown; the second does not. */
    private void interrupt() {
        if (numInterrupts.incrementAndGet() > 1) {
            Runtime.getRuntime().halt(INTERRUPTED);
        }
        benchmark.stop("interrupted");
    }

    private static void putIf(boolean isKnown, Map<String, Object> config, String key, int value) {
        if (isKnown) {
            config.put(key, value);
        }
    }

    private RunContext context(Instant date) {
        Path here = Path.of("").toAbsolutePath();
        return gpu.map(found -> RunContext.onDevice(
                here, date, found.name(), found.driverVersion(), CommandLines.of(spec)))
                .orElseGet(() -> RunContext.onCpu(here, date, CommandLines.of(spec)));
    }

    @Override
    public void close() {
        probe.close();
        gpu.ifPresent(GpuMonitor::close);
    }
}
