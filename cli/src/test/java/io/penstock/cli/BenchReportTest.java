package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report of the committed results. */
class BenchReportTest {
    private static final Path RESULTS = SourceTree.root().resolve("bench/results");
    private static final String PLACE =
            "<!-- results: made by ./penstock bench report --readme README.md -->\n";

    @TempDir
    private Path directory;

    @Test
    void everyCommittedLineIsAResult() throws IOException {
        Path page = directory.resolve("sub/report.html");
        Path text = directory.resolve("report.md");
        Invocation run = Invocation.of("bench", "report", "--results", RESULTS.toString(), "--html", page.toString(),
                "--markdown", text.toString());
        assertEquals("", run.err());
        assertEquals(0, run.exitCode());
        String html = Files.readString(page);
        assertTrue(html.contains("h200, 2,048 sequences"), "no memory map");
        assertFalse(html.contains("Not read"));
        assertTrue(Files.readString(text).contains("## Throughput"));
    }

    @Test
    void theTableOfAReadmeIsRenewedInItsPlace() throws IOException {
        Path readme = directory.resolve("README.md");
        Files.writeString(readme, "before\n" + PLACE + "old\n<!-- end of results -->\nafter\n");
        String[] args = {"bench", "report", "--results", RESULTS.toString(), "--readme", readme.toString()};
        assertEquals(0, Invocation.of(args).exitCode());
        String renewed = Files.readString(readme);
        assertTrue(renewed.startsWith("before\n" + PLACE + "|"), renewed);
        assertTrue(renewed.endsWith("|\n<!-- end of results -->\nafter\n"), renewed);
        assertFalse(renewed.contains("old"), renewed);
        assertEquals(0, Invocation.of(args).exitCode());
        assertEquals(renewed, Files.readString(readme));
        Files.writeString(readme, "no place");
        Invocation refused = Invocation.of(args);
        assertTrue(refused.err().contains("has no place for results: put the lines"), refused.err());
        assertEquals("no place", Files.readString(readme));
    }

    @Test
    void brokenLinesAreOneLineEach() throws IOException {
        Path results = Files.createDirectories(directory.resolve("results"));
        Files.writeString(results.resolve("startup.jsonl"), "{\"suite\"\nnonsense\n");
        Invocation run = Invocation.of("bench", "report", "--results", results.toString(), "--html",
                directory.resolve("page.html").toString());
        assertEquals(1, run.exitCode());
        assertEquals(results.resolve("startup.jsonl") + " line 1: not JSON; it was cut off or edited, remove it\n"
                + results.resolve("startup.jsonl") + " line 2: not JSON; it was cut off or edited, remove it\n",
                run.err());
        assertTrue(Files.readString(directory.resolve("page.html")).contains("No result could be read."));
    }
}
