package io.penstock.cli;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.bench.step.StepProfile;
import io.penstock.bench.step.StepReport;
import io.penstock.bench.step.StepTraffic;
import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceProbe;
import io.penstock.device.cuda.CudaDevices;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.InputException;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.OperationObserver;
import io.penstock.serving.model.ModelSource;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "step",
        description = "Times every operation of a real step on a GPU, against what its bytes and FLOPs take at least;"
                + " on the emulator it counts the bytes and launches instead.",
        footer = {
            "%nExamples:",
            "  penstock bench step --load-format dummy --shape lfm2.5-8b-a1b --batch 256 --context 1024",
            "  penstock bench step --load-format dummy --shape lfm2.5-8b-a1b --batch 1 --pdl",
            "  penstock bench step --load-format dummy --shape lfm2.5-8b-a1b --batch 4096 --overlap",
            "  penstock bench step --device emulator --batch 8 --context 100",
            "  penstock bench step --device emulator --counters --load-format dummy --shape lfm2.5-8b-a1b --batch 64",
            "%nThe floors are those of --spec, by default of the GPU's kind. Counts on the emulator are of traffic:"
                    + " each 32-byte sector that a launch touches, once.",
        })
final class BenchStepCommand implements Callable<Integer> {
    private static final int MOST = 1 << 17;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions model;

    @Option(names = "--device", paramLabel = "DEVICE", defaultValue = "cuda",
            description = "cuda, cuda:N, emulator or emulator:sm_90. Default: cuda.")
    private String device;

    @Option(names = "--batch", paramLabel = "B", defaultValue = "32",
            description = "Sequences of the step. Default: 32.")
    private int batch;

    @Option(names = "--context", paramLabel = "C", defaultValue = "1024",
            description = "Tokens of each sequence, this step's included. Default: 1024.")
    private int context;

    @Option(names = "--prefill", description = "A prompt of C tokens instead of a decode step.")
    private boolean isPrefill;

    @Option(names = "--counters", description = "With --device emulator: counts each operation on a slice of its"
            + " columns, heads and experts, and scales; needs no weights, so that any shape fits.")
    private boolean isSliced;

    @Option(names = "--overlap", description = "Times the step as two halves beside each other, too. On a GPU, for"
            + " decode.")
    private boolean overlaps;

    @Option(names = "--pdl", description = "Times the step with kernels that may begin before the one in front has"
            + " ended (programmatic dependent launch), too. On a GPU of compute capability 9.0.")
    private boolean isProgrammatic;

    @Option(names = "--nvtx", description = "Shows steps and their operations as ranges in NVIDIA's profilers.")
    private boolean hasRanges;

    @Option(names = "--spec", paramLabel = "NAME",
            description = "Whose floors: h200, h100, a100-40, a100-80, l40s or rtx4090. Default: what the GPU's name"
                    + " says, else h200.")
    private String specName;

    @Option(names = "--results", paramLabel = "FILE", description = "Appends one JSON line an operation to FILE.")
    private Path results;

    @Override
    public Integer call() {
        requireBetween("--batch", batch);
        requireBetween("--context", context);
        OperationObserver ranges = hasRanges ? GpuDebugOptions.ranges() : OperationObserver.NONE;
        ModelSource source = model.resolve();
        var step = new StepProfile.Step(isPrefill ? 1 : batch, context, isPrefill);
        if (overlaps && (isPrefill || Devices.isEmulator(device))) {
            throw new ParameterException(spec.commandLine(), "--overlap is for decode steps on a GPU: leave out "
                    + (isPrefill ? "--prefill" : "--device " + device));
        }
        if (isProgrammatic && Devices.isEmulator(device)) {
            throw new ParameterException(
                    spec.commandLine(), "--pdl is timed on a GPU: leave out --device " + device);
        }
        if (Devices.isEmulator(device)) {
            return count(source, step);
        }
        if (isSliced) {
            throw new ParameterException(spec.commandLine(), "--counters needs --device emulator");
        }
        if (!Devices.isName(device) || device.equals("auto") || device.equals("cpu")) {
            throw new ParameterException(spec.commandLine(),
                    "--device must be cuda, cuda:N, " + Devices.EMULATORS + ", not '" + device + "'");
        }
        int ordinal = Devices.ordinal(device);
        if (CudaDevices.probe(ordinal, 0) instanceof DeviceProbe.Unavailable none) {
            throw new InputException("--device " + device + ": " + none.message() + "; --device emulator needs none");
        }
        try (Device gpu = CudaDevices.open(ordinal); ModelTensors tensors = source.openTensors()) {
            String kind = specName != null ? specName : StepReport.specOf(gpu.properties().name());
            StepProfile.Result result = new StepProfile(gpu, tensors, DeviceSpec.named(kind))
                    .time(step, ranges, ways());
            return report(source, step, kind, gpu, result);
        } catch (DeviceException e) {
            throw new InputException("--device " + device + " failed: " + e.getMessage(), e);
        }
    }

    private Set<StepProfile.Way> ways() {
        Set<StepProfile.Way> ways = EnumSet.noneOf(StepProfile.Way.class);
        if (overlaps) {
            ways.add(StepProfile.Way.HALVES);
        }
        if (isProgrammatic) {
            ways.add(StepProfile.Way.PROGRAMMATIC);
        }
        return ways;
    }

    private void requireBetween(String option, int value) {
        if (value < 1 || value > MOST) {
            throw new ParameterException(spec.commandLine(),
                    option + " must be between 1 and " + MOST + ", not " + value);
        }
    }

    private int count(ModelSource source, StepProfile.Step step) {
        ModelConfig full = source.config();
        String kind = specName == null ? "h200" : specName;
        EmulatorOptions options = Devices.emulated(
                device, new EmulatorOptions(1, 1, Runtime.getRuntime().maxMemory() / 3, true));
        try (EmulatorDevice emulator = new EmulatorDevice(options)) {
            long[] seen = {0};
            Supplier<Map<String, Long>> counters = () -> {
                Map<String, Long> counts = new LinkedHashMap<>(emulator.counters().values());
                counts.put("launches", emulator.numLaunches() - seen[0]);
                seen[0] = emulator.numLaunches();
                emulator.clearCounters();
                return counts;
            };
            if (isSliced) {
                return report(source, step, kind, emulator,
                        new StepTraffic(emulator, DeviceSpec.named(kind), counters).count(full, step));
            }
            try (ModelTensors tensors = source.openTensors()) {
                return report(source, step, kind, emulator,
                        new StepProfile(emulator, tensors, DeviceSpec.named(kind)).count(step, full, counters));
            }
        } catch (DeviceException e) {
            throw new InputException("the emulator failed: " + e.getMessage(), e);
        }
    }

    private int report(
            ModelSource source, StepProfile.Step step, String kind, Device on, StepProfile.Result result) {
        String title = source.name() + " on " + on.properties().name() + ", floors of " + kind;
        StepReport.lines(title, step, result).forEach(System.out::println);
        if (results != null) {
            String command = "./penstock bench step --device " + device + " --batch " + batch + " --context " + context
                    + (isPrefill ? " --prefill" : "") + (isSliced ? " --counters" : "")
                    + (overlaps ? " --overlap" : "") + (isProgrammatic ? " --pdl" : "");
            RunContext context = RunContext.onDevice(Path.of("").toAbsolutePath(), Instant.now(),
                    on.properties().name(), on.properties().driver(), command);
            ResultLog log = ResultLog.at(results, StepReport.SUITE);
            for (BenchResult line : StepReport.results(source.name(), step, result, context)) {
                log.append(line);
            }
        }
        return 0;
    }
}
