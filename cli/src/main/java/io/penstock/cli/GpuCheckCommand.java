package io.penstock.cli;

import io.penstock.bench.gpucheck.CheckOptions;
import io.penstock.bench.gpucheck.CheckProgress;
import io.penstock.bench.gpucheck.CheckReport;
import io.penstock.bench.gpucheck.CheckTarget;
import io.penstock.bench.gpucheck.EngineTarget;
import io.penstock.bench.gpucheck.GpuCheck;
import io.penstock.bench.gpucheck.ReportResults;
import io.penstock.bench.gpucheck.ReportText;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceProbe;
import io.penstock.device.cuda.CudaDevices;
import io.penstock.device.cuda.GemmProbe;
import io.penstock.device.cuda.LaunchMode;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.InputException;
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.check.OperationCases;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.cuda.DeviceBackend;
import io.penstock.runtime.cuda.TileTableFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "gpu-check",
        description = "Validates every operation on a GPU against its CPU twin, with fresh random inputs, measures copy"
                + " bandwidth and matrix product, and times every operation at the shapes of " + GpuCheck.MODEL + "."
                + " Whole engines run too: a model whose tokens are compared with the CPU's, and random requests.",
        footer = {
            "%nExamples:",
            "  penstock gpu-check",
            "  penstock gpu-check --quick --only linear,short_conv --no-results",
            "  penstock gpu-check --device emulator",
            "  penstock gpu-check --tune",
            "  compute-sanitizer penstock gpu-check --only end_to_end --requests 1000 --no-results",
        })
final class GpuCheckCommand implements Callable<Integer> {
    private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");
    private static final Path RESULTS = Path.of("bench", "results", ReportResults.NAME + ".jsonl");
    private static final String END_TO_END = "end_to_end";
    private static final int DEFAULT_REQUESTS = 64;
    private static final int EMULATED_REQUESTS = 8;
    private static final long EMULATED_BYTES = 1L << 28;
    private static final int MOST_REQUESTS = 1_000_000;
    private static final long MAX_FRESH_SEED = 1_000_000_000;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cuda",
            description = "cuda, cuda:N for another than the first GPU, or emulator: the same kernels on the CPU, with"
                    + " small shapes, every access checked, and counts instead of times; emulator:sm_90 for those that"
                    + " a Hopper GPU gets. Default: cuda.")
    private String device;

    @Option(
            names = "--only",
            paramLabel = "OP,OP",
            split = ",",
            description = "Operations, instead of all: embed, rms_norm, linear, ...; end_to_end is the whole model.")
    private List<String> only;

    @Option(
            names = "--requests",
            paramLabel = "N",
            description = "Random requests with random sampling parameters through the engine on a small shape."
                    + " Default: 64, on the emulator 8, with --only none.")
    private Integer numRequests;

    @Mixin
    private EndToEndOptions endToEnd;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the inputs. Default: a fresh one, printed.")
    private Long seed;

    @Option(names = "--tune", description = "Instead of checking: measures every way to cut the dense products of "
            + GpuCheck.MODEL + " on a Hopper GPU, and stores the best, which later starts use. Tokens do not depend on"
            + " it.")
    private boolean isTuning;

    @Option(names = "--tiles", paramLabel = "FOLDER", description = "Where --tune stores what it finds. Default: the"
            + " environment variable PENSTOCK_TILES, else ~/.cache/penstock/tiles.")
    private Path tiles;

    @Option(names = "--quick", description = "Small cases and few sizes only.")
    private boolean isQuick;

    @Option(names = "--sync-launches", description = "Waits for each launch, so that the message of one that fails"
            + " names the kernel; times are of no use then, and --no-results is needed.")
    private boolean isAwaited;

    @Option(names = "--json", description = "Prints one JSON object instead of tables.")
    private boolean isJson;

    @Option(
            names = "--results",
            paramLabel = "FILE",
            description = "Appends one JSON line a case to FILE. Default: bench/results/gpu-check.jsonl, and nowhere"
                    + " for the emulator.")
    private Path results;

    @Option(names = "--no-results", description = "Appends nothing anywhere.")
    private boolean isWithoutResults;

    @Override
    public Integer call() {
        CheckOptions options = new CheckOptions(
                operations(), seed == null ? new SplittableRandom().nextLong(MAX_FRESH_SEED) : seed, isQuick);
        if (tiles != null && !isTuning) {
            throw wrong("--tiles needs --tune");
        }
        if (results != null && isWithoutResults) {
            throw wrong("--results does not go with --no-results");
        }
        if (isAwaited && !isWithoutResults) {
            throw wrong("--sync-launches makes every time long: give --no-results too");
        }
        if (results != null && Files.isDirectory(results)) {
            throw new InputException(results + " is a directory: give --results the file that lines are appended to");
        }
        if (numRequests != null && (numRequests < 0 || numRequests > MOST_REQUESTS)) {
            throw wrong("--requests must be between 0 and " + MOST_REQUESTS + ", not " + numRequests);
        }
        if (Devices.isEmulator(device)) {
            return onEmulator(options);
        }
        Matcher cuda = CUDA.matcher(device);
        if (!cuda.matches()) {
            throw wrong("--device must be cuda, cuda:N, " + Devices.EMULATORS + ", not '" + device + "'");
        }
        return onCuda(cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)), options);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private List<String> operations() {
        if (only == null) {
            return OperationCases.operations();
        }
        for (String operation : only) {
            if (!operation.equals(END_TO_END) && !OperationCases.operations().contains(operation)) {
                throw wrong("--only: there is no operation '" + operation + "', there are "
                        + String.join(", ", OperationCases.operations()) + ", " + END_TO_END);
            }
        }
        Set<String> operations = new LinkedHashSet<>(only);
        operations.remove(END_TO_END);
        return List.copyOf(operations);
    }

    private int onCuda(int ordinal, CheckOptions options) {
        if (CudaDevices.probe(ordinal, 0) instanceof DeviceProbe.Unavailable none) {
            throw new InputException("no GPU to check: " + none.message());
        }
        LaunchMode mode = isAwaited ? LaunchMode.AWAITED : LaunchMode.QUEUED;
        Supplier<Device> open = () -> CudaDevices.open(ordinal, mode);
        try (Device gpu = open.get()) {
            if (isTuning) {
                return tuning().timed(gpu);
            }
            switch (CudaDevices.openGemm(gpu)) {
                case GemmProbe.Available found -> {
                    try (var gemm = found.gemm()) {
                        return check(CheckTarget.timed(gpu, gemm), open, options);
                    }
                }
                case GemmProbe.Unavailable none -> {
                    System.err.println("penstock: " + none.message());
                    return check(CheckTarget.timed(gpu, null), open, options);
                }
            }
        } catch (DeviceException e) {
            throw new InputException("the GPU failed: " + e.getMessage(), e);
        }
    }

    private int onEmulator(CheckOptions options) {
        EmulatorOptions emulated =
                Devices.emulated(device, new EmulatorOptions(options.seed(), 1, EMULATED_BYTES, true));
        OperationBackend.Factory backend =
                (config, limits) -> new DeviceBackend(new EmulatorDevice(emulated), config, limits);
        try (EmulatorDevice counting = new EmulatorDevice(emulated)) {
            if (isTuning) {
                return tuning().counted(counting);
            }
            return check(CheckTarget.counted(counting, backend, () -> {
                Map<String, Long> counts = counting.counters().values();
                counting.clearCounters();
                return counts;
            }), () -> new EmulatorDevice(emulated.checkingStreams()), options);
        } catch (DeviceException e) {
            throw new InputException("the emulator failed: " + e.getMessage(), e);
        }
    }

    private Tuning tuning() {
        return new Tuning(tiles == null ? TileTableFile.folder() : tiles, progress());
    }

    private int check(CheckTarget target, Supplier<Device> open, CheckOptions options) {
        boolean isEmulated = Devices.isEmulator(device);
        int number = numRequests != null ? numRequests
                : only != null ? 0 : isEmulated ? EMULATED_REQUESTS : DEFAULT_REQUESTS;
        Path defaultResults = isEmulated ? null : RESULTS;
        if (only != null && !only.contains(END_TO_END)) {
            return check(target.with(new EngineTarget(open, null, number)), options, defaultResults);
        }
        try (ModelTensors tensors = endToEnd.open(options.seed())) {
            return check(target.with(new EngineTarget(open, endToEnd.of(tensors, isEmulated, options.seed()), number)),
                    options, defaultResults);
        }
    }

    /**
     * Checks a target that is open, prints and saves.
     *
     * @param defaultResults where results go unless an option says otherwise; null for nowhere
     * @return the exit code
     */
    int check(CheckTarget target, CheckOptions options, Path defaultResults) {
        CheckReport report = GpuCheck.run(target, options, progress());
        if (isJson) {
            System.out.println(ReportResults.json(report));
        } else {
            ReportText.lines(report).forEach(System.out::println);
        }
        Path file = isWithoutResults ? null : results != null ? results : defaultResults;
        if (file != null) {
            save(report, file);
        }
        if (report.isGreen()) {
            return 0;
        }
        System.err.println("penstock: wrong on this device: " + report.firstFailure());
        return 1;
    }

    private void save(CheckReport report, Path file) {
        RunContext context = RunContext.onDevice(Path.of("").toAbsolutePath(), Instant.now(),
                report.device().name(), report.device().driver(), command(report.seed()));
        ResultLog log = ResultLog.at(file, ReportResults.NAME);
        for (BenchResult result : ReportResults.of(report, context)) {
            log.append(result);
        }
    }

    private String command(long usedSeed) {
        return "./penstock gpu-check --device " + device + " --seed " + usedSeed + (isQuick ? " --quick" : "")
                + (only == null ? "" : " --only " + String.join(",", only))
                + (numRequests == null ? "" : " --requests " + numRequests) + endToEnd.command();
    }

    /** One line on standard error that shows what is being done, where a person looks. */
    private static CheckProgress progress() {
        if (!Terminals.isError()) {
            return (what, done, total) -> { };
        }
        return (what, done, total) -> {
            System.err.print("\r\u001B[K" + (done + 1) + "/" + total + " " + what + "\r");
            System.err.flush();
        };
    }
}
