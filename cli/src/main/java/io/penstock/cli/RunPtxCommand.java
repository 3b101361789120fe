package io.penstock.cli;

import io.penstock.device.KernelSignature;
import io.penstock.device.LaunchShape;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxModule;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "run-ptx",
        abbreviateSynopsis = true,
        description = "Runs one kernel of a PTX file on the emulator, with no GPU, and checks it: races, bounds,"
                + " alignment, uninitialised reads, barriers, asynchronous copies, deadlocks.",
        exitCodeList = {
            "0:clean",
            "1:a check failed",
            "2:wrong usage; the reason is one line on standard error, and with --json an error of the kind usage"
        },
        footer = {
            "%nExamples:",
            "  penstock debug run-ptx --ptx add.ptx --entry add --grid 4,1,1 --block 256,1,1 \\",
            "      --arg in:a.bin --arg in:b.bin --arg out:c.bin:4096 --arg i32:1000 --schedules 20",
            "%nArguments come in the order of the signature. A file becomes one allocation, and nothing else lies near"
                    + " it; what an out: buffer holds before the kernel writes it is uninitialised.",
        })
final class RunPtxCommand implements Callable<Integer> {
    private static final int MAX_SCHEDULES = 100_000;
    private static final int MAX_SHARED_BYTES = 227 << 10;
    private static final int MAX_BLOCK_Z = 64;

    @Spec
    private CommandSpec spec;

    @Option(names = "--ptx", paramLabel = "FILE", required = true, description = "The PTX.")
    private Path ptxFile;

    @Option(names = "--entry", paramLabel = "NAME", required = true, description = "The kernel's name.")
    private String entry;

    @Option(names = "--grid", paramLabel = "X,Y,Z", required = true, description = "Thread blocks.")
    private String grid;

    @Option(names = "--block", paramLabel = "X,Y,Z", required = true, description = "Threads of a block.")
    private String block;

    @Option(
            names = "--shared",
            paramLabel = "BYTES",
            defaultValue = "0",
            description = "Dynamic shared memory of a block. Default: 0.")
    private int sharedBytes;

    @Option(
            names = "--arg",
            paramLabel = "ARG",
            description = "One argument: " + PtxArgument.FORMS + ". bytes: is a structure by value; a pointer may also"
                    + " be u64:0. Repeat it for each argument.")
    private List<String> arguments = List.of();

    @Option(
            names = "--schedules",
            paramLabel = "N",
            defaultValue = "1",
            description = "Orders of execution to try, each from fresh inputs. Default: 1.")
    private int numSchedules;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "0",
            description = "Of the first order; the next has the next. Default: 0.")
    private long seed;

    @Option(
            names = "--max-ctas",
            paramLabel = "N",
            description = "Runs at most so many blocks, spread over the grid: for counting at sizes that take too long."
                    + " Default: all.")
    private int maxCtas = EmulatorOptions.ALL_CTAS;

    @Option(
            names = "--json",
            description = "Prints {\"ok\": BOOL, \"errors\": [{\"kind\", \"message\", \"line\", \"cta\", \"thread\","
                    + " ...}], \"differing_outputs\": [...], \"counters\": {...}}.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        try {
            return checked();
        } catch (ParameterException e) {
            if (json) {
                PtxReport.printWrongUsage(entry, e.getMessage());
            }
            throw e;
        }
    }

    private int checked() throws IOException {
        PtxReport report;
        try {
            int[] gridShape = shape("--grid", grid);
            int[] blockShape = shape("--block", block);
            LaunchShape shape = launchShape(gridShape, blockShape);
            requireBetween("--schedules", numSchedules, 1, MAX_SCHEDULES);
            requireBetween("--max-ctas", maxCtas, 1, EmulatorOptions.ALL_CTAS);
            String ptx = Texts.read(ptxFile);
            KernelSignature signature = signature(ptx);
            List<PtxArgument> parsed = parsed(signature);
            requireWritable(parsed);
            report = new PtxReport(entry, gridShape, blockShape);
            var schedules = new PtxSchedules(ptx, entry, shape, parsed);
            schedules.run(seed, numSchedules, maxCtas, report);
            schedules.writeOutputs();
        } catch (InputException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        if (json) {
            report.printJson();
        } else {
            report.print();
        }
        return report.ok() ? 0 : 1;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private void requireBetween(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw wrong(option + " must be between " + min + " and " + max + ", not " + value);
        }
    }

    private int[] shape(String option, String text) {
        String[] parts = text.split(",", -1);
        int[] shape = {1, 1, 1};
        for (int i = 0; i < parts.length; i++) {
            if (parts.length > 3 || !parts[i].strip().matches("[0-9]{1,10}")
                    || Long.parseLong(parts[i].strip()) > Integer.MAX_VALUE) {
                throw wrong(option + " must be up to three whole numbers, such as 4,1,1, not '" + text + "'");
            }
            shape[i] = Integer.parseInt(parts[i].strip());
        }
        return shape;
    }

    private LaunchShape launchShape(int[] gridShape, int[] blockShape) {
        requireBetween("--shared", sharedBytes, 0, MAX_SHARED_BYTES);
        long numThreads = (long) blockShape[0] * blockShape[1];
        if (numThreads == 0 || blockShape[2] == 0 || numThreads > 1024 || numThreads * blockShape[2] > 1024) {
            throw wrong("--block " + block + ": a block has 1 to 1024 threads in all");
        }
        if (blockShape[2] > MAX_BLOCK_Z) {
            throw wrong("--block " + block + ": z is at most " + MAX_BLOCK_Z);
        }
        BigInteger numBlocks = IntStream.of(gridShape).mapToObj(BigInteger::valueOf)
                .reduce(BigInteger.ONE, BigInteger::multiply);
        if (numBlocks.bitLength() >= Integer.SIZE) {
            throw wrong("--grid " + grid + ": " + numBlocks + " blocks; the emulator takes a grid of up to "
                    + Integer.MAX_VALUE);
        }
        try {
            return new LaunchShape(blockShape[0], blockShape[1], blockShape[2])
                    .grid(gridShape[0], gridShape[1], gridShape[2])
                    .dynamicShared(sharedBytes);
        } catch (IllegalArgumentException e) {
            throw wrong("--grid " + grid + ": " + e.getMessage());
        }
    }

    private KernelSignature signature(String ptx) {
        Map<String, KernelSignature> signatures;
        try {
            signatures = KernelSignature.parse(ptx);
        } catch (IllegalArgumentException e) {
            throw wrong(ptxFile + ": " + e.getMessage());
        }
        if (signatures.isEmpty()) {
            throw wrong(ptxFile + " has no .entry: give PTX, as nvcc -ptx writes it");
        }
        requireParsed(ptx);
        KernelSignature signature = signatures.get(entry);
        if (signature == null) {
            throw wrong(ptxFile + " has no entry '" + entry + "'; it has " + String.join(", ", signatures.keySet()));
        }
        return signature;
    }

    /** What is valid but not supported becomes an error of the report. */
    private void requireParsed(String ptx) {
        try {
            PtxModule.parse(ptx);
        } catch (PtxException e) {
            if (!e.isUnsupported()) {
                throw wrong(ptxFile + ": " + e.getMessage());
            }
        }
    }

    private List<PtxArgument> parsed(KernelSignature signature) {
        List<KernelSignature.Parameter> parameters = signature.parameters();
        if (arguments.size() != parameters.size()) {
            throw wrong("entry " + entry + " takes " + counted(parameters.size()) + " (" + shown(signature) + "), but "
                    + arguments.size() + (arguments.size() == 1 ? " --arg is" : " --arg are") + " given");
        }
        List<PtxArgument> parsed = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            PtxArgument argument = PtxArgument.parse(arguments.get(i));
            String problem = problem(argument, parameters.get(i));
            if (problem != null) {
                throw wrong("--arg " + argument.text() + ": " + problem + ", but parameter " + i + " of " + entry
                        + " is " + shown(parameters.get(i)));
            }
            parsed.add(argument);
        }
        return parsed;
    }

    private static String problem(PtxArgument argument, KernelSignature.Parameter parameter) {
        return switch (argument) {
            case PtxArgument.Buffer _ -> parameter.sizeBytes() == Long.BYTES && parameter.kind() != 'f'
                    ? null
                    : "memory is passed as a pointer of 8 bytes";
            case PtxArgument.Value value -> {
                boolean typed = !value.type().equals("bytes") && parameter.kind() != 'b';
                yield value.bytes().length != parameter.sizeBytes()
                        ? "it has " + value.bytes().length + (value.bytes().length == 1 ? " byte" : " bytes")
                        : typed && value.isFloat() != (parameter.kind() == 'f')
                                ? "it is " + (value.isFloat() ? "a float" : "an integer")
                                : null;
            }
        };
    }

    private static String counted(int numParameters) {
        return numParameters == 1 ? "1 argument" : numParameters + " arguments";
    }

    private static String shown(KernelSignature signature) {
        return signature.parameters().isEmpty()
                ? "none"
                : String.join(", ", signature.parameters().stream().map(RunPtxCommand::shown).toList());
    }

    private static String shown(KernelSignature.Parameter parameter) {
        int numBytes = parameter.sizeBytes();
        return parameter.kind() == 'b' || Integer.bitCount(numBytes) != 1 || numBytes > Long.BYTES
                ? numBytes + " bytes"
                : "." + parameter.kind() + numBytes * 8;
    }

    /** Says it before the kernel runs, and not after. */
    private void requireWritable(List<PtxArgument> parsed) {
        Set<Path> outputs = new HashSet<>();
        for (PtxArgument argument : parsed) {
            if (!(argument instanceof PtxArgument.Buffer buffer) || buffer.out() == null) {
                continue;
            }
            Path file = buffer.out().toAbsolutePath().normalize();
            Path folder = file.getParent();
            if (Files.isDirectory(file)) {
                throw wrong("--arg " + buffer.text() + ": " + buffer.out() + " is a directory; give a file");
            }
            if (folder == null || !Files.isDirectory(folder)) {
                throw wrong("--arg " + buffer.text() + ": there is no directory " + folder + "; create it");
            }
            if (Files.exists(file) ? !Files.isWritable(file) : !Files.isWritable(folder)) {
                throw wrong("--arg " + buffer.text() + ": no permission to write " + buffer.out());
            }
            boolean isPlain = !Files.exists(file) || Files.isRegularFile(file);
            if (isPlain && !outputs.add(file)) {
                throw wrong("--arg " + buffer.text() + ": another argument writes " + buffer.out() + " too");
            }
        }
    }
}
