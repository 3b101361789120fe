package io.penstock.batch.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.batch.BatchException;
import io.penstock.batch.journal.JobFiles;
import io.penstock.batch.journal.JobStore;
import io.penstock.batch.journal.MemoryDisk;
import io.penstock.batch.run.DemoLines;
import io.penstock.batch.run.EchoEngine;
import io.penstock.batch.run.PipelineOptions;
import io.penstock.batch.run.TextInput;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Jobs on a disk that fails and a machine that crashes, at moments by chance, until they are done: the results are
 * those of a job that nothing happened to. {@code -Dpenstock.crashes=N} runs N jobs, {@code -Dpenstock.firstSeed} from
 * there.
 */
class CrashTest {
    private static final Path OUTPUT = Path.of("out.jsonl");
    private static final Path ERRORS = Path.of("errors.jsonl");
    private static final int MOST_RUNS = 200;

    static LongStream seeds() {
        long first = Long.getLong("penstock.firstSeed", 1);
        return LongStream.range(first, first + Long.getLong("penstock.crashes", 30));
    }

    private static JobSpec spec(TextInput input, boolean errorsApart) {
        return new JobSpec(input.input(), new JobFiles(OUTPUT, errorsApart ? ERRORS : null), null,
                JsonNodeFactory.instance.objectNode().put("model", "demo"),
                new JobSpec.Choices(PipelineOptions.Order.PREFIX, 3, PipelineOptions.Shard.ALL,
                        JobStore.Policy.RESUME), "1");
    }

    /** One run to whatever end; true if the job is done. */
    private static boolean run(JobSpec spec, MemoryDisk disk, long seed, Random stops) {
        try (BatchJob job = BatchJob.open(spec, disk, read -> { })) {
            if (job.isDone()) {
                return true;
            }
            Thread stopping = stops == null || stops.nextInt(3) > 0 ? null : Thread.ofPlatform().start(() -> {
                pause(stops.nextInt(5));
                if (stops.nextBoolean()) {
                    job.stop();
                } else {
                    job.abort();
                }
            });
            try {
                return job.run(DemoLines.format(), () -> new EchoEngine(seed)) == BatchJob.End.DONE;
            } finally {
                if (stopping != null) {
                    join(stopping);
                }
            }
        } catch (BatchException e) {
            assertTrue(e.getMessage().contains("run the same command again"), e::getMessage);
            return false;
        }
    }

    private static void pause(int ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<String> sorted(MemoryDisk disk, Path file) {
        String text = new String(disk.content(file), StandardCharsets.UTF_8);
        assertTrue(text.isEmpty() || text.endsWith("\n"), "the last line is torn");
        return text.lines().sorted().toList();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whateverHappensTheResultsAreTheSame(long seed) {
        var random = new Random(seed);
        boolean errorsApart = random.nextBoolean();
        var spec = spec(new TextInput(DemoLines.mixed(1 + random.nextInt(300), seed)), errorsApart);
        var calm = new MemoryDisk(seed);
        assertTrue(run(spec, calm, seed, null));

        var disk = new MemoryDisk(seed);
        int numRuns = 0;
        boolean isDone = false;
        while (!isDone) {
            boolean failsNow = numRuns < MOST_RUNS - 1;
            if (failsNow) {
                disk.failAfter(random.nextInt(40), List.of("No space left on device", "Input/output error",
                        "the process was killed").get(random.nextInt(3)));
            }
            isDone = run(spec, disk, seed + numRuns, failsNow ? random : null);
            if (random.nextBoolean()) {
                disk.crash();
            } else {
                disk.repair();
            }
            numRuns++;
        }
        isDone = run(spec, disk, seed, null);
        assertTrue(isDone, "a finished job is done");
        assertEquals(sorted(calm, OUTPUT), sorted(disk, OUTPUT), () -> "seed " + seed);
        if (errorsApart) {
            assertEquals(sorted(calm, ERRORS), sorted(disk, ERRORS), () -> "seed " + seed);
        }
        assertEquals(calm.sizes().keySet(), disk.sizes().keySet(), "files that should be gone");
        assertNull(disk.content(Path.of("out.jsonl.part")));
    }

    @Test
    void eachCustomIdStandsOnce() {
        var disk = new MemoryDisk(3);
        assertTrue(run(spec(new TextInput(DemoLines.mixed(300, 3)), false), disk, 3, null));
        Set<String> ids = new HashSet<>();
        for (String line : sorted(disk, OUTPUT)) {
            String id = line.split("\"custom_id\":")[1].split(",\"response\"")[0];
            assertTrue(id.equals("null") || ids.add(id), line);
        }
        assertTrue(ids.size() > 200, ids::toString);
    }

    @Test
    void linesThatWereChangedBehindItsBackAreMadeAgain() {
        var spec = spec(new TextInput(DemoLines.mixed(200, 9)), false);
        var calm = new MemoryDisk(1);
        assertTrue(run(spec, calm, 1, null));
        var disk = new MemoryDisk(2);
        disk.failAfter(14, "No space left on device");
        assertEquals(false, run(spec, disk, 1, null));
        disk.repair();
        byte[] part = disk.content(Path.of("out.jsonl.part"));
        if (part != null && part.length > 10) {
            Arrays.fill(part, part.length / 2, part.length / 2 + 5, (byte) '#');
        }
        assertTrue(run(spec, disk, 5, null));
        assertEquals(sorted(calm, OUTPUT), sorted(disk, OUTPUT));
    }
}
