package io.penstock.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.bench.machine.GpuEnergyMeter;
import io.penstock.bench.offline.OfflineBenchmark;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.device.cuda.GpuMonitor;
import io.penstock.runtime.InputException;
import io.penstock.serving.model.Backend;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** A model loaded for a measurement inside this process, on whatever device, and where its results go. */
final class OfflineRun implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final CommandSpec spec;
    private final String modelName;
    private final String device;
    private final ServingConfig serving;
    private final Session session;
    private final Optional<GpuMonitor> gpu;
    private final Instant date = Instant.now();

    /** @param device as {@code --device} names it */
    OfflineRun(CommandSpec spec, RequestEncoder encoder, ServingConfig serving, String device) {
        this.spec = spec;
        this.device = device;
        this.serving = serving;
        modelName = encoder.source().name();
        session = Session.open(encoder, serving);
        boolean isGpu = serving.backend() instanceof Backend.Accelerator && !device.equals("emulator");
        gpu = isGpu ? Devices.monitor(device.equals("auto") ? 0 : Devices.ordinal(device)) : Optional.empty();
    }

    OfflineBenchmark benchmark(boolean isEndless, Double temperature) {
        return new OfflineBenchmark(session.penstock(), gpu.map(GpuEnergyMeter::new).orElse(null), isEndless,
                temperature);
    }

    /** What is written of engine and device in results. */
    Map<String, Object> config() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("engine", "penstock");
        config.put("engine_version", Installation.version());
        config.put("backend", "offline");
        config.put("device_name", serving.backend() instanceof Backend.Cpu ? "cpu" : device);
        config.put("dtype", serving.backend() instanceof Backend.Cpu cpu
                ? cpu.arithmetic().name().toLowerCase(Locale.ROOT) : "bfloat16");
        if (serving.backend() instanceof Backend.Cpu cpu) {
            config.put("threads", cpu.options().numThreads());
        }
        config.put("max_num_seqs", session.penstock().limits().maxNumSeqs());
        config.put("max_num_batched_tokens", session.penstock().limits().maxNumBatchedTokens());
        config.put("prefix_caching", serving.prefixCaching());
        return config;
    }

    /** Appends a line to the suite's file in a directory; null for none. */
    void save(Path directory, String suite, String name, Map<String, Object> config, Map<String, Double> metrics) {
        if (directory == null) {
            return;
        }
        Path here = Path.of("").toAbsolutePath();
        String command = CommandLines.of(spec);
        RunContext context = gpu.map(found -> RunContext.onDevice(here, date, found.name(), found.driverVersion(),
                command)).orElseGet(() -> RunContext.onCpu(here, date, command));
        ResultLog.of(directory, suite).append(new BenchResult(suite, name, context, modelName, config, metrics, null));
    }

    /** Writes a tree of maps and lists; null for nowhere. */
    static void writeJson(Path file, Map<String, ?> json) {
        if (file == null) {
            return;
        }
        try {
            Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
        } catch (IOException e) {
            throw new InputException("cannot write the result to " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        gpu.ifPresent(GpuMonitor::close);
        session.close();
    }
}
