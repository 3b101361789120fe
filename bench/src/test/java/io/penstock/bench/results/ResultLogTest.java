package io.penstock.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResultLogTest {
    @TempDir
    private Path root;
    private ResultLog log;

    @BeforeEach
    void open() {
        log = ResultLog.of(root.resolve("bench/results"), "cpu-decode");
    }

    @Test
    void readsBackWhatWasAppendedInOrder() throws IOException {
        assertEquals(List.of(), log.read().results());
        BenchResult first = BenchResultTest.result("b1");
        BenchResult second = BenchResultTest.bare("b2");
        log.append(first);
        log.append(second);
        assertEquals(List.of(first, second), log.read().results());
        assertEquals(List.of(), log.read().tornLines());
        assertEquals(root.resolve("bench/results/cpu-decode.jsonl"), log.file());
        assertEquals(2, Files.readAllLines(log.file()).size());
        assertTrue(Files.readString(log.file()).endsWith("}\n"));
    }

    @Test
    void whereverALineWasCutTheNextStartsOnItsOwn() throws IOException {
        log.append(BenchResultTest.result("kept"));
        byte[] whole = Files.readAllBytes(log.file());
        byte[] cut = BenchResultJson.write(BenchResultTest.result("größe")).getBytes(StandardCharsets.UTF_8);
        BenchResult next = BenchResultTest.result("next");
        int umlautEnd = new String(cut, StandardCharsets.ISO_8859_1).indexOf("e\",\"commit");
        for (int length = 0; length <= cut.length; length += length < umlautEnd || length > cut.length - 9 ? 1 : 8) {
            Files.write(log.file(), whole);
            Files.write(log.file(), Arrays.copyOf(cut, length), StandardOpenOption.APPEND);
            log.append(next);
            ResultLog.Contents contents = log.read();
            boolean complete = length == cut.length;
            assertEquals(length == 0 || complete ? List.of() : List.of(2), contents.tornLines(), length + " bytes");
            assertEquals(complete ? 3 : 2, contents.results().size(), length + " bytes");
            assertEquals("kept", contents.results().getFirst().caseName());
            assertEquals(next, contents.results().getLast());
            assertTrue(new String(Files.readAllBytes(log.file()), StandardCharsets.UTF_8).startsWith(
                    new String(whole, StandardCharsets.UTF_8)), "only appended to");
        }
    }

    @Test
    void readerToleratesATornLastLine() throws IOException {
        log.append(BenchResultTest.result("kept"));
        Files.writeString(log.file(), "{\"suite\":\"cpu-dec", StandardOpenOption.APPEND);
        assertEquals(1, log.read().results().size());
        assertEquals(List.of(2), log.read().tornLines());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "\"case\":\"b1\",       |                                | has no 'case'",
        "\"case\":\"b1\"        | \"case\":7                     | case is 7",
        "\"case\":\"b1\"        | \"case\":\" \"                 | case is empty",
        "\"case\":\"b1\"        | \"case\":\"b1\",\"extra\":1    | unknown key 'extra'",
        "\"suite\":\"cpu-decode\" | \"suite\":\"gpu\"            | suite is 'gpu'",
        "0123456789abcdef-dirty | main                           | commit is 'main'",
        "2026-01-31T12:00:00Z   | yesterday                      | date is 'yesterday'",
        "\"tokensPerSecond\":12 | \"tokensPerSecond\":\"fast\"   | metrics.tokensPerSecond is \"fast\"",
        "\"tokensPerSecond\":12 | \"tokensPerSecond\":1e999      | metrics.tokensPerSecond is Infinity",
        "\"batch\":1            | \"batch\":[1]                  | config.batch is [1]",
        "\"batch\":1            | \"batch\":null                 | config.batch is null",
        "\"source\":            | \"from\":                      | baseline has no 'source'",
        "\"driver\":null        | \"driver\":5                   | driver is 5"})
    void aLineThatIsNoResultIsNamed(String part, String replacement, String message) throws IOException {
        log.append(BenchResultTest.result("good"));
        String line = BenchResultJson.write(BenchResultTest.result("b1"));
        assertTrue(line.contains(part), line);
        Files.writeString(log.file(), line.replace(part, replacement == null ? "" : replacement) + "\n",
                StandardOpenOption.APPEND);
        String said = assertThrows(InputException.class, log::read).getMessage();
        assertTrue(said.contains(log.file() + " line 2: ") && said.contains(message), said);
        assertEquals(1, said.lines().count());
    }

    @Test
    void aLineThatIsJsonButNoObjectIsNamed() throws IOException {
        Files.createDirectories(log.file().getParent());
        Files.writeString(log.file(), "\n[1]\n");
        assertTrue(assertThrows(InputException.class, log::read).getMessage().contains("line 2: the result is [1]"));
    }

    @Test
    void threadsAppendWholeLines() throws InterruptedException {
        List<Thread> writers = new ArrayList<>();
        for (int w = 0; w < 4; w++) {
            int writer = w;
            writers.add(Thread.ofPlatform().start(() -> {
                ResultLog own = ResultLog.of(root.resolve("bench/results"), "cpu-decode");
                for (int i = 0; i < 25; i++) {
                    own.append(BenchResultTest.result("case-" + writer + "-" + i));
                }
            }));
        }
        for (Thread writer : writers) {
            writer.join();
        }
        assertEquals(100, log.read().results().stream().map(BenchResult::caseName).distinct().count());
        assertEquals(List.of(), log.read().tornLines());
    }

    @Test
    void refusesOtherSuitesAndUnwritableDirectories() throws IOException {
        ResultLog other = ResultLog.of(root, "other");
        assertThrows(IllegalArgumentException.class, () -> other.append(BenchResultTest.result("b1")));
        assertThrows(IllegalArgumentException.class, () -> ResultLog.of(root, "../up"));
        Files.writeString(root.resolve("file"), "");
        ResultLog blocked = ResultLog.of(root.resolve("file"), "cpu-decode");
        assertThrows(InputException.class, () -> blocked.append(BenchResultTest.result("b1")));
    }

    @Test
    void whatIsRightIsReadAndTheRestIsNamed() throws IOException {
        log.append(BenchResultTest.result("first"));
        Files.writeString(log.file(), "{\"suite\": \"cpu-de\n{\"suite\": 1}\n", StandardOpenOption.APPEND);
        log.append(BenchResultTest.result("last"));
        List<String> problems = new ArrayList<>();
        List<BenchResult> read = log.readWhatIsRight(problems::add);
        assertEquals(List.of("first", "last"), read.stream().map(BenchResult::caseName).toList());
        assertEquals(2, problems.size());
        assertEquals(log.file() + " line 2: not JSON; it was cut off or edited, remove it", problems.get(0));
        assertTrue(problems.get(1).startsWith(log.file() + " line 3: the result has no '"), problems.get(1));
    }
}
