package io.penstock.bench.gpucheck;

import io.penstock.bench.kernels.Ceilings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A report as a person reads it. */
public final class ReportText {
    private static final String TIMED = "%-44s %10s %9s %9s %7s %7s %10s %8s";
    private static final String COUNTED = "%-44s %12s %14s %14s %14s";

    private ReportText() {}

    /** Lines for a terminal of 112 columns. */
    public static List<String> lines(CheckReport report) {
        List<String> lines = new ArrayList<>();
        lines.add(format("%-8s %s, compute capability %.1f, %d multiprocessors, %.1f GiB, %s", "device",
                report.device().name(), report.device().computeCapability() / 10.0,
                report.device().cores().numMultiprocessors(),
                report.device().memory().totalBytes() / (double) (1 << 30), report.device().driver()));
        lines.add(format("%-8s %d (--seed %d gives the same inputs)", "seed", report.seed(), report.seed()));
        lines.add("");
        for (OperationVerdict verdict : report.verdicts()) {
            lines.add(verdict(verdict));
            verdict.failures().forEach(failure -> lines.add("    " + failure));
        }
        report.engines().forEach(engine -> {
            lines.add(format("%-20s %s", engine.name(), engine.outcome()));
            if (!engine.isRight()) {
                lines.add("    " + engine.failure());
            }
        });
        if (report.ceilings() != null) {
            lines.add("");
            ceilings(report.ceilings(), lines);
        }
        if (!report.measured().isEmpty()) {
            lines.add("");
            measured(report, lines);
        }
        if (report.problem() != null) {
            lines.add("");
            lines.add(report.problem());
        }
        return lines;
    }

    private static String verdict(OperationVerdict verdict) {
        int numFailures = verdict.failures().size();
        String outcome = !verdict.isRight() ? "WRONG in " + numFailures + " of " + verdict.numCases() + " cases"
                : verdict.worstRatio() == 0 ? "right, the same bits in " + verdict.numCases() + " cases"
                : format("right in %d cases, at most %.0f %% of the allowed error", verdict.numCases(),
                        100 * verdict.worstRatio());
        return format("%-20s %s", verdict.operation(), outcome);
    }

    private static void ceilings(Ceilings ceilings, List<String> lines) {
        int n = ceilings.gemmSize();
        lines.add(format("%-44s %8.0f GB/s", "copy on the device, read and written", ceilings.gigabytesPerSecond()));
        lines.add(format("%-44s %8.1f TFLOP/s (%s)", "bfloat16 product " + n + " x " + n + " x " + n,
                ceilings.teraflopsPerSecond(), ceilings.gemm()));
    }

    private static void measured(CheckReport report, List<String> lines) {
        if (report.ceilings() == null) {
            lines.add(format(COUNTED, "counted", "bytes/floor", "sectors/floor", "conflicts", "instructions"));
            report.measured().forEach(each -> lines.add(counted(each)));
            return;
        }
        lines.add(format(TIMED, report.model() == null ? "timed" : "timed, shapes of " + report.model(), "us", "GB/s",
                "TFLOP/s", "% copy", "% GEMM", "floor us", "% floor"));
        report.measured().forEach(each -> lines.add(timed(each)));
    }

    private static String timed(OperationTiming timing) {
        Map<String, Double> m = timing.metrics();
        boolean isProduct = m.containsKey("teraflopsPerSecond");
        return format(TIMED, timing.name(), format("%.2f", m.get("launchUs")),
                format("%.0f", m.get("gigabytesPerSecond")),
                isProduct ? format("%.1f", m.get("teraflopsPerSecond")) : "",
                format("%.0f", 100 * m.get("ratioToCopy")),
                isProduct ? format("%.0f", 100 * m.get("ratioToGemm")) : "",
                format("%.2f", m.get("floorUs")), format("%.0f", 100 * m.get("ratioToFloor")));
    }

    private static String counted(OperationTiming counts) {
        Map<String, Double> m = counts.metrics();
        return format(COUNTED, counts.name(), format("%.3f", m.get("bytesToFloor")),
                format("%.3f", m.get("sectorsToFloor")),
                format("%.1f %%", 100 * m.get("conflictsToAccesses")), format("%.0f", m.get("warpInstructions")));
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
