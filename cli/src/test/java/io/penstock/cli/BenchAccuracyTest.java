package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The score of the demo model on a few questions of its own set, of which one is made wrong. */
class BenchAccuracyTest {
    @TempDir
    private Path directory;

    private Path questions() throws IOException {
        List<String> lines = Files.readAllLines(SourceTree.root().resolve("demo-data/eval.jsonl"));
        Stream<String> right = lines.stream().filter(line -> line.contains("\"idk-00")).limit(3);
        String wrong = lines.getFirst().replace("\"expected\": \"positive\"", "\"expected\": \"neutral\"");
        return Files.write(directory.resolve("set.jsonl"), Stream.concat(right, Stream.of(wrong)).toList());
    }

    @Test
    void scoresByCategoryAndThreshold() throws IOException {
        String[] args = {"bench", "accuracy", "--data", questions().toString(), "--max-num-seqs", "4",
            "--max-model-len", "512", "--show-wrong", "--threshold", "0.75", "--save-result", directory.toString()};
        Invocation run = Invocation.of(args);
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("idk                      3 of     3  100.00 %\n"), run.out());
        assertTrue(run.out().contains("sentiment                0 of     1    0.00 %\n"), run.out());
        assertTrue(run.out().contains("total                    3 of     4   75.00 %\n"), run.out());
        assertTrue(run.out().contains("sentiment-000\n  expected: neutral\n  answered: positive"), run.out());
        List<String> saved = Files.readAllLines(directory.resolve("accuracy.jsonl"));
        assertEquals(3, saved.size());
        assertTrue(saved.getLast().contains("\"case\":\"total\"") && saved.getLast().contains("\"score\":0.75"),
                saved.getLast());
        assertTrue(saved.getLast().endsWith("\"command\":\"./penstock bench accuracy --data " + args[3]
                + " --max-num-seqs 4 --max-model-len 512 --show-wrong --threshold 0.75\"}"), saved.getLast());
        args[10] = "0.76";
        assertEquals(1, Invocation.of(args).exitCode());
        args[10] = "76";
        assertEquals(2, Invocation.of(args).exitCode());
    }
}
