package io.penstock.cli;

import io.penstock.bench.load.HostDevice;
import io.penstock.bench.load.LoadBenchmark;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceProbe;
import io.penstock.device.cuda.CudaDevices;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.cuda.DevicePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "load",
        description = "Times how weights get from a disk to a device, against the slower of the disk and the bus in"
                + " the same run. Writes a file as large as the weights, past the system's cache, and removes it.",
        footer = {
            "%nExamples:",
            "  penstock bench load --device cuda --shape lfm2.5-8b-a1b --folder /data",
            "  penstock bench load --shape lfm2-1.2b",
            "%nWithout a GPU a thread that copies memory stands for the bus, and shares the CPUs with what reads.",
        })
final class BenchLoadCommand implements Callable<Integer> {
    private static final int MOST_ROUNDS = 100;
    private static final String HOST = "host";

    @Spec
    private CommandSpec spec;

    @Option(names = "--device", paramLabel = "DEVICE", defaultValue = HOST,
            description = "cuda, cuda:N, or host: this machine's memory. Default: host.")
    private String device;

    @Option(names = "--shape", paramLabel = "NAME", defaultValue = "lfm2-1.2b",
            description = "Whose weights are loaded. Default: lfm2-1.2b.")
    private String shape;

    @Option(names = "--folder", paramLabel = "DIR", defaultValue = ".",
            description = "Where the file is written: what disk is measured. Default: here.")
    private Path folder;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "3",
            description = "Rounds of which the median counts. Default: 3.")
    private int numRounds;

    @Option(names = "--results", paramLabel = "FILE", description = "Appends one JSON line a case to FILE.")
    private Path results;

    @Override
    public Integer call() {
        if (numRounds < 1 || numRounds > MOST_ROUNDS) {
            throw new ParameterException(spec.commandLine(),
                    "--rounds must be between 1 and " + MOST_ROUNDS + ", not " + numRounds);
        }
        if (!device.equals(HOST) && !device.startsWith("cuda") || !device.equals(HOST) && !Devices.isName(device)) {
            throw new ParameterException(spec.commandLine(),
                    "--device must be cuda, cuda:N or host, not '" + device + "'");
        }
        ModelConfig config = ModelShapes.named(shape);
        requireRoom(DevicePlan.weightsBytes(config));
        try (Device opened = open()) {
            var benchmark = new LoadBenchmark(opened, config, folder, numRounds);
            System.out.println(shape + " from " + folder.toAbsolutePath().normalize() + " to "
                    + opened.properties().name());
            System.out.printf(Locale.ROOT, "%-6s %10s %14s %10s %15s%n", "case", "load GB/s", "source GB/s",
                    "bus GB/s", "of the slower");
            benchmark.run(BenchLoadCommand::show).forEach(result -> report(result, opened));
        } catch (DeviceException e) {
            throw new InputException("--device " + device + " failed: " + e.getMessage(), e);
        }
        return 0;
    }

    private void requireRoom(long sizeBytes) {
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            if (free < sizeBytes + sizeBytes / 10) {
                throw new InputException(folder + " has room for " + free + " bytes and the weights of " + shape
                        + " take " + sizeBytes + ": name another folder by --folder, or a smaller --shape");
            }
        } catch (IOException e) {
            throw new InputException("--folder " + folder + " is no folder that can be written: " + e.getMessage(), e);
        }
    }

    private Device open() {
        if (device.equals(HOST)) {
            return new HostDevice();
        }
        int ordinal = Devices.ordinal(device);
        if (CudaDevices.probe(ordinal, 0) instanceof DeviceProbe.Unavailable none) {
            throw new InputException("--device " + device + ": " + none.message() + "; --device host needs none");
        }
        return CudaDevices.open(ordinal);
    }

    private static void show(String what) {
        if (Terminals.isError()) {
            System.err.print("\r\u001B[K" + what + "\r");
            System.err.flush();
        }
    }

    private void report(LoadBenchmark.Result result, Device on) {
        System.out.printf(Locale.ROOT, "%-6s %10.2f %14.2f %10.2f %13.0f %%%n", result.name(), result.gbPerSecond(),
                result.sourceGbPerSecond(), result.busGbPerSecond(), 100 * result.ratio());
        if (results != null) {
            String command = "./penstock bench load --device " + device + " --shape " + shape
                    + " --rounds " + numRounds;
            Path here = Path.of("").toAbsolutePath();
            RunContext context = device.equals(HOST) ? RunContext.onCpu(here, Instant.now(), command)
                    : RunContext.onDevice(here, Instant.now(), on.properties().name(), on.properties().driver(),
                            command);
            ResultLog.at(results, LoadBenchmark.SUITE).append(new BenchResult(LoadBenchmark.SUITE, result.name(),
                    context, shape, Map.of("rounds", numRounds), result.metrics(), null));
        }
    }
}
