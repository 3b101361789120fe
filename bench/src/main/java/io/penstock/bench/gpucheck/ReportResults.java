package io.penstock.bench.gpucheck;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.bench.kernels.Ceilings;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A report as the committed results have it, and as one JSON object. */
public final class ReportResults {
    /** Name of the results file. */
    public static final String NAME = "gpu-check";

    private ReportResults() {}

    /** One result for each operation's cases, each engine, each ceiling, and each size of each operation. */
    public static List<BenchResult> of(CheckReport report, RunContext context) {
        List<BenchResult> results = new ArrayList<>();
        for (OperationVerdict verdict : report.verdicts()) {
            Map<String, Double> metrics = new LinkedHashMap<>();
            metrics.put("cases", (double) verdict.numCases());
            metrics.put("wrongCases", (double) verdict.failures().size());
            metrics.put("worstErrorToAllowed", verdict.worstRatio());
            results.add(new BenchResult(NAME, "validate " + verdict.operation(), context, null,
                    Map.of("seed", report.seed()), metrics, null));
        }
        for (EngineVerdict engine : report.engines()) {
            results.add(new BenchResult(NAME, engine.name(), context, null, Map.of("seed", report.seed()),
                    engine.metrics(), null));
        }
        Ceilings ceilings = report.ceilings();
        if (ceilings != null) {
            results.add(new BenchResult(NAME, "copy", context, null, Map.of(),
                    Map.of("gigabytesPerSecond", ceilings.gigabytesPerSecond()), null));
            int n = ceilings.gemmSize();
            results.add(new BenchResult(NAME, "gemm " + n + " x " + n + " x " + n, context, null,
                    Map.of("by", ceilings.gemm()),
                    Map.of("teraflopsPerSecond", ceilings.teraflopsPerSecond()), null));
        }
        for (OperationTiming timing : report.measured()) {
            results.add(new BenchResult(NAME, timing.name(), context, report.model(),
                    Map.of("operation", timing.operation(), "tokens", timing.numTokens()), timing.metrics(), null));
        }
        return results;
    }

    /** One line: everything in the report, under its names there, and {@code ok}. */
    public static String json(CheckReport report) {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        root.put("ok", report.isGreen());
        root.put("device", report.device().name());
        root.put("driver", report.device().driver());
        root.put("seed", report.seed());
        root.put("model", report.model());
        root.set("validation", mapper.valueToTree(report.verdicts()));
        root.set("engines", mapper.valueToTree(report.engines()));
        root.set("ceilings", mapper.valueToTree(report.ceilings()));
        root.set("measured", mapper.valueToTree(report.measured()));
        root.put("problem", report.problem());
        return root.toString();
    }
}
