package io.penstock.cli;

import io.penstock.bench.report.MemoryMap;
import io.penstock.bench.report.Report;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.DevicePlan;
import io.penstock.runtime.plan.MemoryPlan;
import io.penstock.serving.model.ResolvedLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "report",
        description = "Makes a page of the results: throughput beside published figures, latencies, each operation's"
                + " share of its floor, step timelines, the memory map, history by commit. One HTML file that needs"
                + " neither network nor script, in light and dark; as Markdown and PNG too.",
        footer = {
            "%nExamples:",
            "  penstock bench report",
            "  penstock bench report --results bench/results --html /tmp/report.html --markdown /tmp/report.md",
            "  penstock bench report --png docs/images --readme README.md",
            "%nLines that are no results are named on standard error and in the report; exit code 1 if there are any.",
        })
final class BenchReportCommand implements Callable<Integer> {
    private static final String MODEL = "lfm2.5-8b-a1b";
    private static final double UTILIZATION = 0.9;
    private static final int MODEL_LEN = 16_384;
    private static final int STEP_TOKENS = 8192;
    private static final String BEGIN = "<!-- results: made by ./penstock bench report --readme README.md -->\n";
    private static final String END = "<!-- end of results -->";

    @Option(names = "--results", paramLabel = "DIR", defaultValue = "bench/results",
            description = "Where the *.jsonl files are. Default: bench/results.")
    private Path results;

    @Option(names = "--html", paramLabel = "FILE", description = "The page. Default, if nothing else is asked for:"
            + " target/bench-report.html.")
    private Path html;

    @Option(names = "--markdown", paramLabel = "FILE", description = "All tables as a text.")
    private Path markdown;

    @Option(names = "--png", paramLabel = "DIR", description = "A PNG for each plot, on white.")
    private Path images;

    @Option(names = "--readme", paramLabel = "FILE", description = "Renews the table of results between the two"
            + " comments of a README.")
    private Path readme;

    @Override
    public Integer call() {
        Report report = Report.of(results, maps());
        report.problems().forEach(System.err::println);
        if (html == null && markdown == null && images == null && readme == null) {
            html = Path.of("target/bench-report.html");
        }
        write(html, html == null ? null : report.html());
        write(markdown, markdown == null ? null : report.markdown());
        if (images != null) {
            for (Map.Entry<String, byte[]> image : report.images().entrySet()) {
                write(images.resolve(image.getKey()), image.getValue());
            }
        }
        if (readme != null) {
            write(readme, renewed(report));
        }
        System.out.println(report.numResults() + " results");
        return report.problems().isEmpty() ? 0 : 1;
    }

    private String renewed(Report report) {
        String text;
        try {
            text = Files.readString(readme);
        } catch (IOException e) {
            throw new InputException("cannot read --readme " + readme + ": " + e.getMessage(), e);
        }
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new InputException(readme + " has no place for results: put the lines '" + BEGIN.strip() + "' and '"
                    + END + "' where the table belongs");
        }
        return text.substring(0, begin) + BEGIN + report.headlines() + text.substring(end);
    }

    private static void write(Path file, String text) {
        if (file != null) {
            write(file, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static void write(Path file, byte[] bytes) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new InputException("cannot write " + file + ": " + e.getMessage()
                    + "; check the directory and its permissions", e);
        }
        System.out.println(file);
    }

    private static List<MemoryMap> maps() {
        ModelConfig config = ModelShapes.named(MODEL);
        List<MemoryMap> maps = new ArrayList<>();
        for (PlanCommand.Gpu gpu : PlanCommand.Gpu.values()) {
            for (int numSeqs : new int[] {256, 2048}) {
                var asked = new MemoryPlan.Asked(numSeqs, STEP_TOKENS, MODEL_LEN, MemoryPlan.Asked.ONE_FOR_TWO_BLOCKS);
                MemoryPlan plan = DevicePlan.of(config, asked, ResolvedLimits.masks(config, numSeqs),
                        (long) (gpu.bytes * UTILIZATION), CudaOptions.DEFAULTS, gpu.properties());
                maps.add(new MemoryMap(
                        String.format(Locale.ROOT, "%s, %,d sequences", gpu.shown(), numSeqs), plan, gpu.bytes));
            }
        }
        return maps;
    }
}
