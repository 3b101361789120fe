package io.penstock.bench.machine;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Prints what this machine gives on one thread and on all, several times over: {@code PeaksReport [rounds]}. */
public final class PeaksReport {
    private static final int DEFAULT_ROUNDS = 3;
    private static final double GIGA = 1e9;

    private PeaksReport() {
    }

    public static void main(String[] arguments) {
        print(System.out, MachineInfo.ofThisMachine(),
                arguments.length == 0 ? DEFAULT_ROUNDS : Integer.parseInt(arguments[0]));
    }

    /** Takes about three seconds a round; one buffer at a time is held. */
    public static void print(PrintStream out, MachineInfo machine, int numRounds) {
        out.printf(Locale.ROOT, "%s, last-level cache %d MiB%n", machine.device(),
                machine.lastLevelCacheBytes() >> 20);
        int all = machine.numUsableCpus();
        for (int numThreads : all == 1 ? List.of(1) : List.of(1, all)) {
            try (MachinePeaks peaks = MachinePeaks.open(PeakOptions.of(machine, numThreads))) {
                for (int round = 1; round <= numRounds; round++) {
                    out.println(line(peaks.measure()));
                }
            }
        }
    }

    static String line(PeakSample sample) {
        var read = sample.readBytesPerSecond();
        var flops = sample.flopsPerSecond();
        return String.format(Locale.ROOT, "%2d threads, %s%s: read %.1f GB/s (median %.1f, cv %.1f%%), "
                        + "fp32 %.1f GFLOP/s (median %.1f, cv %.1f%%)",
                sample.numThreads(), sample.kernels(), sample.compiled() ? "" : " (not compiled)",
                read.max() / GIGA, read.median() / GIGA, 100 * read.coefficientOfVariation(),
                flops.max() / GIGA, flops.median() / GIGA, 100 * flops.coefficientOfVariation());
    }
}
