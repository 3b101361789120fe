package io.penstock.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.plan.MemoryPlan;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

/** Results of every kind become plots, what is not there is said, and nothing is fetched. */
class ReportTest {
    private static final Pattern SVG = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL);
    private static final long GIB = 1L << 30;

    @TempDir
    private Path directory;
    private int numAppended;

    private static Map<String, Double> numbers(Object... namesAndValues) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            numbers.put((String) namesAndValues[i], ((Number) namesAndValues[i + 1]).doubleValue());
        }
        return numbers;
    }

    private void append(String suite, String caseName, String model, Map<String, Object> config,
            Map<String, Double> metrics) {
        var context = new RunContext(String.format("%07x", 0xabc0000 + numAppended / 12),
                Instant.parse("2026-01-01T00:00:00Z").plusSeconds(numAppended++), "Some <GPU> & host", "580.1", "JDK",
                "./penstock bench " + suite);
        ResultLog.of(directory, suite).append(
                new BenchResult(suite, caseName, context, model, config, metrics, null));
    }

    private void appendAll() {
        for (int round = 0; round < 2; round++) {
            append("serve-load", "c32", "8b", Map.of("max_concurrency", 32, "workload", "1024/256"),
                    numbers("output_throughput", 5000 + round, "median_ttft_ms", 30, "p99_ttft_ms", 90));
            append("serve-load", "c64", "8b", Map.of("max_concurrency", 64, "workload", "1024/256"),
                    numbers("output_throughput", 8000 + round, "median_ttft_ms", 40, "p99_ttft_ms", 95));
            append("cpu-steps", "decode-8", "350m", Map.of("arithmetic", "float32", "threads", 2),
                    numbers("tokensPerSecond", 120, "ratioToPeak", 0.8));
            append("peers-cpu", "decode-8", "350m", Map.of("engine", "transformers", "dtype", "float32", "threads", 2),
                    numbers("tokensPerSecond", 40));
            append("step-profile", "attention", "8b", Map.of("numSeqs", 64, "context", 100, "prefill", false),
                    numbers("us", 20, "floorUs", 15, "floorBytes", 1e6));
            append("step-profile", "linear", "8b", Map.of("numSeqs", 64, "context", 100, "prefill", false),
                    numbers("trafficBytes", 2e6, "floorUs", 15, "floorBytes", 1e6));
            append("jmh", "Detokenise", null, Map.of(), numbers("nanosPerOperation", 81.5, "errorNanos", 2));
            append("accuracy", "tool", "demo", Map.of("device", "cpu", "dtype", "float32"), numbers("score", 0.875));
            for (int step = 0; step < 3; step++) {
                append("step-timeline", "step-00" + step, "8b", Map.of("device", "h200", "numSeqs", 256),
                        numbers("startUs", 100 * step, "scheduleUs", 5, "launchUs", 1, "awaitUs", 80, "processUs", 4,
                                "deviceStartUs", 100 * step + 10, "deviceEndUs", 100 * step + 90, "tokens", 256));
            }
        }
    }

    private static List<MemoryMap> maps() {
        MemoryPlan plan = MemoryPlan.of(ModelShapes.named("lfm2.5-8b-a1b"),
                new MemoryPlan.Asked(256, 8192, 4096, 256), 70 * GIB);
        return List.of(new MemoryMap("h100", plan, 80 * GIB));
    }

    @Test
    void everyKindOfResultIsDrawn() throws Exception {
        appendAll();
        String html = Report.of(directory, maps()).html();
        for (String shown : new String[] {"Throughput by concurrency", "Time to the first token (TTFT)",
            "350m, 2 threads, Some &lt;GPU&gt; &amp; host", "Time on 8b on Some", "Bytes moved, 8b on Some",
            "256 sequences, floors of h200", "Memory of LFM2.5-8B-A1B", "Answers that are right", "81.5",
            "cpu-steps"}) {
            assertTrue(html.contains(shown), shown);
        }
        assertFalse(html.contains("is committed:"), "something is said to be missing that is there");
        Matcher svg = SVG.matcher(html);
        int numPlots = 0;
        while (svg.find()) {
            var document = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                    .parse(new InputSource(new StringReader(svg.group())));
            assertEquals("img", document.getDocumentElement().getAttribute("role"));
            assertFalse(document.getDocumentElement().getAttribute("aria-label").isBlank());
            assertTrue(document.getElementsByTagName("title").getLength() > 0, "a plot without marks");
            assertFalse(svg.group().contains("NaN"), svg.group());
            numPlots++;
        }
        assertEquals(2 * (html.split("<figcaption>").length - 1), numPlots, "each plot in two widths");
    }

    @Test
    void thePageNeedsNothingElse() {
        appendAll();
        String html = Report.of(directory, maps()).html();
        assertFalse(html.contains("http://") || html.contains("https://"), "an address");
        assertFalse(html.contains("<script") || html.contains("src=") || html.contains("@import"), "something fetched");
        assertTrue(html.contains("prefers-color-scheme: dark") && html.contains("max-width: 700px"));
        assertEquals(html, Report.of(directory, maps()).html(), "the same results, the same page");
    }

    @Test
    void whatIsMissingIsSaid() {
        append("startup", "version", null, Map.of(), numbers("medianSeconds", 0.2));
        String text = Report.of(directory, List.of()).markdown();
        for (String said : new String[] {"No measurement on a GPU is committed", "No latencies are committed",
            "No operation was timed on a GPU", "No steps are recorded", "Not scored", "Not measured",
            "Nothing is measured beside Penstock", "Measured at one commit only: startup."}) {
            assertTrue(text.contains(said), said + " is not in\n" + text);
        }
    }

    @Test
    void brokenLinesAreNamedAndTheRestIsShown() throws IOException {
        append("startup", "version", null, Map.of(), numbers("medianSeconds", 0.2));
        Files.writeString(directory.resolve("startup.jsonl"), "{\"suite\":\n", StandardOpenOption.APPEND);
        Files.writeString(directory.resolve("Odd Name.jsonl"), "");
        Report report = Report.of(directory, List.of());
        assertEquals(1, report.numResults());
        assertEquals(2, report.problems().size(), report.problems()::toString);
        assertTrue(report.problems().get(0).contains("Odd Name.jsonl"), report.problems()::toString);
        assertTrue(report.problems().get(1).contains("startup.jsonl line 2: not JSON"), report.problems()::toString);
        assertTrue(report.html().contains("startup.jsonl line 2: not JSON"));
        assertTrue(report.markdown().contains("startup.jsonl line 2: not JSON"));
    }

    @Test
    void aDirectoryWithoutResultsIsRefused() {
        InputException none = assertThrows(InputException.class, () -> Report.of(directory, List.of()));
        assertTrue(none.getMessage().startsWith("no *.jsonl files in " + directory), none.getMessage());
        assertThrows(InputException.class, () -> Report.of(directory.resolve("absent"), List.of()));
    }

    @Test
    void imagesAreDrawn() throws IOException {
        appendAll();
        for (Map.Entry<String, byte[]> image : Report.of(directory, maps()).images().entrySet()) {
            BufferedImage read = ImageIO.read(new ByteArrayInputStream(image.getValue()));
            assertEquals(1720, read.getWidth(), image.getKey());
            int[] pixels = read.getRGB(0, 0, read.getWidth(), read.getHeight(), null, 0, read.getWidth());
            Set<Integer> colours = new HashSet<>();
            for (int pixel : pixels) {
                colours.add(pixel);
            }
            assertTrue(colours.size() > 20, image.getKey() + " is blank");
        }
    }

    @Test
    void headlinesShowTheLastResult() {
        Map<String, Object> config = Map.of("arithmetic", "float32", "threads", 2);
        append("cpu-steps", "decode", "lfm2-350m", config, numbers("tokensPerSecond", 10));
        append("cpu-steps", "decode", "lfm2-350m", config, numbers("tokensPerSecond", 20, "ratioToPeak", 0.75));
        append("cpu-steps", "decode", "lfm2-350m", Map.of("arithmetic", "other", "threads", 2),
                numbers("tokensPerSecond", 30));
        append("cpu-steps", "decode", "lfm2-350m", Map.of("arithmetic", "float32", "threads", 1),
                numbers("tokensPerSecond", 30));
        String table = Report.of(directory, List.of()).headlines();
        assertTrue(table.contains("| CPU decode, one sequence, shape lfm2-350m, float32 | 20 tokens/s, 75 % of the peak"
                + " measured beside it | Some <GPU> & host |"), table);
        assertFalse(table.contains("30 tokens/s"), table);
    }
}
