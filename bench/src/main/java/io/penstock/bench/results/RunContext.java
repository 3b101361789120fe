package io.penstock.bench.results;

import io.penstock.bench.machine.MachineInfo;
import java.nio.file.Path;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * What a run was made with; the same for all results of one process.
 *
 * @param commit hexadecimal commit id, with {@code -dirty} where files differ from it, or {@code unknown}
 * @param device CPU model and cores, or the GPU
 * @param driver GPU driver version; null on a CPU
 * @param command the command line that makes the run again
 */
public record RunContext(String commit, Instant date, String device, String driver, String jdk, String command) {
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{7,64}(-dirty)?|" + SourceCommit.UNKNOWN);

    public RunContext {
        if (!COMMIT.matcher(commit).matches()) {
            throw new IllegalArgumentException("commit is '" + commit + "', a hexadecimal id, one with -dirty, or "
                    + SourceCommit.UNKNOWN + " is needed");
        }
        BenchResult.requireText("device", device);
        BenchResult.requireText("jdk", jdk);
        BenchResult.requireText("command", command);
        if (driver != null) {
            BenchResult.requireText("driver", driver);
        }
    }

    /** The context of a run on this machine's CPU, built from the sources in {@code repository}. */
    public static RunContext onCpu(Path repository, Instant date, String command) {
        return new RunContext(SourceCommit.read(repository), date, MachineInfo.ofThisMachine().device(), null,
                System.getProperty("java.vm.name") + " " + Runtime.version(), command);
    }

    /** The context of a run on a device, built from the sources in {@code repository}. */
    public static RunContext onDevice(
            Path repository, Instant date, String device, String driver, String command) {
        return new RunContext(SourceCommit.read(repository), date, device, driver,
                System.getProperty("java.vm.name") + " " + Runtime.version(), command);
    }
}
