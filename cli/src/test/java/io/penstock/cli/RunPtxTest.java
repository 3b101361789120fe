package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kernels run from the command line: what comes out, what is found, and how it is said. */
class RunPtxTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int[] COUNTING = IntStream.range(0, 256).toArray();

    @TempDir
    private Path folder;

    /** A program of the emulator's corpus as a file, which it is not there: it is compressed. */
    static String corpus(String name) {
        Path packed = SourceTree.root().resolve("emulator/src/test/resources/corpus").resolve(name + ".ptx.gz");
        Path file = SourceTree.root().resolve("cli/target/corpus").resolve(name + ".ptx");
        try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
            Files.createDirectories(file.getParent());
            Files.write(file, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file.toString();
    }

    private static Invocation run(String ptx, String entry, String grid, String block, String... more) {
        List<String> args = new ArrayList<>(List.of("debug", "run-ptx", "--ptx", corpus(ptx), "--entry", entry,
                "--grid",
                grid, "--block", block));
        args.addAll(List.of(more));
        return Invocation.of(args.toArray(String[]::new));
    }

    private Path ints(String name, int... values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        return Files.write(folder.resolve(name), bytes.array());
    }

    private int[] ints(String name) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(folder.resolve(name))).order(ByteOrder.LITTLE_ENDIAN);
        int[] values = new int[bytes.remaining() / 4];
        bytes.asIntBuffer().get(values);
        return values;
    }

    private String at(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void cleanKernel() throws IOException {
        Invocation run = run("legal/scans", "scan_hillis_steele_i32", "3,1,1", "100,1,1", "--shared", "800",
                "--arg", "in:" + ints("x", COUNTING), "--arg", "out:" + at("y") + ":1024", "--arg", "i32:256",
                "--schedules", "5", "--seed", "9", "--json");
        assertEquals("", run.err());
        assertEquals(0, run.exitCode(), run::out);
        JsonNode report = JSON.readTree(run.out());
        assertTrue(report.get("ok").booleanValue());
        assertEquals(0, report.get("errors").size());
        assertEquals(0, report.get("differing_outputs").size());
        assertEquals(5, report.get("schedules").intValue());
        assertTrue(report.get("counters").get("threadInstructions").longValue() > 300, run::out);
        assertEquals(3, report.get("counters").get("ctas").longValue());
        int[] expected = COUNTING.clone();
        for (int i = 0; i < 256; i++) {
            expected[i] += i % 100 == 0 ? 0 : expected[i - 1];
        }
        assertArrayEquals(expected, ints("y"));
    }

    @Test
    void someBlocksAreEnoughForCounting() throws IOException {
        Invocation run = run("legal/scans", "scan_hillis_steele_i32", "1000", "128", "--shared", "1024",
                "--arg", "in:" + Files.write(folder.resolve("x"), new byte[512_000]),
                "--arg", "out:" + at("y") + ":512000", "--arg", "i32:128000", "--max-ctas", "10", "--json");
        assertEquals(0, run.exitCode(), run::out);
        JsonNode counters = JSON.readTree(run.out()).get("counters");
        assertEquals(10, counters.get("ctas").intValue());
        assertEquals(1000, counters.get("gridCtas").intValue());
        assertEquals(160, counters.get("uniqueReadSectors").intValue());
        assertEquals(160, counters.get("uniqueWriteSectors").intValue());
    }

    @Test
    void eachScheduleStartsFromFreshInputs() throws IOException {
        Invocation run = run("legal/atomics", "histogram_global_u64", "2", "128",
                "--arg", "in:" + ints("x", COUNTING), "--arg", "inout:" + ints("bins", new int[20]) + ":" + at("after"),
                "--arg", "i32:256", "--arg", "i32:10", "--schedules", "4", "--json");
        assertEquals(0, run.exitCode(), run::out);
        int[] bins = ints("after");
        assertArrayEquals(new int[] {26, 0, 26, 0, 26, 0, 26, 0, 26, 0, 26, 0, 25, 0, 25, 0, 25, 0, 25, 0}, bins);
        assertArrayEquals(new int[20], ints("bins"));
    }

    @Test
    void faultIsAnErrorAndOutputsAreWritten() throws IOException {
        Invocation run = run("faults/bounds.fault", "global_write_one_too_many", "2", "64",
                "--arg", "in:" + ints("x", IntStream.range(0, 100).toArray()), "--arg", "out:" + at("y") + ":400",
                "--arg", "i32:100", "--schedules", "3", "--json");
        assertEquals("", run.err());
        assertEquals(1, run.exitCode(), run::out);
        JsonNode report = JSON.readTree(run.out());
        assertFalse(report.get("ok").booleanValue());
        assertEquals(1, report.get("errors").size(), run::out);
        JsonNode error = report.get("errors").get(0);
        assertEquals("out-of-bounds", error.get("kind").textValue());
        assertTrue(error.get("message").textValue().length() > 10, run::out);
        String line = Files.readAllLines(Path.of(corpus("faults/bounds.fault"))).get(error.get("line").intValue() - 1);
        assertTrue(line.contains("st.global"), line);
        assertEquals("[1,0,0]", error.get("cta").toString());
        assertEquals("[36,0,0]", error.get("thread").toString());
        assertTrue(error.get("allocation").textValue().contains("argument 1"), run::out);
        assertEquals(400, error.get("offset").intValue());
        assertEquals(3, error.get("schedules").intValue());
        assertArrayEquals(IntStream.range(0, 100).toArray(), ints("y"));
    }

    @Test
    void everyKindHasItsWord() throws IOException {
        String x = "in:" + ints("x", COUNTING);
        String y = "out:" + at("y") + ":1024";
        assertKind("race-shared", run("faults/races_shared.fault", "barrier_missing", "1", "128",
                "--arg", x, "--arg", y, "--json"));
        assertKind("race-global", run("faults/races_global.fault", "everyone_writes_the_result", "4", "32",
                "--arg", x, "--arg", y, "--json"));
        assertKind("uninitialised", run("faults/uninitialised.fault", "output_added_to", "1", "64",
                "--arg", x, "--arg", y, "--json"));
        assertKind("misaligned", run("faults/bounds.fault", "misaligned_vector", "1", "32",
                "--arg", x, "--arg", y, "--json"));
        assertKind("barrier-divergence", run("faults/barriers.fault", "barrier_in_one_branch", "1", "64",
                "--arg", x, "--arg", y, "--json"));
        assertKind("missing-async-wait", run("faults/waits.fault", "wait_missing", "1", "32",
                "--arg", x, "--arg", y, "--json"));
        assertKind("deadlock", run("faults/barriers.fault", "barrier_counts_too_many", "1", "64",
                "--arg", x, "--arg", y, "--json"));
    }

    private static void assertKind(String kind, Invocation run) throws IOException {
        assertEquals("", run.err());
        assertEquals(1, run.exitCode(), run::out);
        assertTrue(JSON.readTree(run.out()).get("errors").findValuesAsText("kind").contains(kind), run::out);
    }

    @Test
    void readableReport() throws IOException {
        Invocation run = run("faults/bounds.fault", "global_write_one_too_many", "2", "64",
                "--arg", "in:" + ints("x", COUNTING), "--arg", "out:" + at("y") + ":400", "--arg", "i32:100");
        assertEquals(1, run.exitCode());
        List<String> lines = run.out().lines().toList();
        assertTrue(lines.get(0).matches("out-of-bounds: PTX line \\d+: block \\(1, 0, 0\\) thread \\(36, 0, 0\\): .*"),
                run::out);
        assertEquals("1 error: global_write_one_too_many, 1 schedule", lines.get(1));
        assertTrue(lines.stream().anyMatch(line -> line.matches("threadInstructions +[0-9,]+")), run::out);
    }

    @Test
    void structuresAndEveryTypeOfValue() throws IOException {
        ByteBuffer matrix = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 12; i++) {
            matrix.putFloat(i);
        }
        matrix.putShort((short) 2).put(new byte[] {1, 2, 3, 4, 5}).putLong(56, 7007);
        Files.write(folder.resolve("x"), new byte[32 * 16]);
        Invocation run = run("legal/layouts", "struct_by_value", "1", "32", "--arg", "i8:-3",
                "--arg", "bytes:" + HexFormat.of().formatHex(matrix.array()), "--arg", "u16:40000",
                "--arg", "in:" + at("x"), "--arg", "out:" + at("y") + ":384", "--arg", "u8:0", "--json");
        assertEquals(0, run.exitCode(), () -> run.out() + run.err());
        ByteBuffer y = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("y"))).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 96; i++) {
            assertEquals(i / 3 % 5 + 1 + 7 - 3 + 40000, y.getFloat(i * 4));
        }
    }

    @Test
    void differingOutputsAreNamed() throws IOException {
        Invocation run = run("legal/atomics", "linked_list_push", "4", "32",
                "--arg", "inout:" + ints("head", -1) + ":" + at("after"), "--arg", "out:" + at("next") + ":512",
                "--arg", "i32:128", "--schedules", "12", "--json");
        assertEquals(0, run.exitCode(), run::out);
        assertTrue(JSON.readTree(run.out()).get("differing_outputs").toString().contains("out:" + at("next")),
                run::out);
    }

    @Test
    void unsupportedInstructionIsAnError() throws IOException {
        Path ptx = Files.writeString(folder.resolve("odd.ptx"), """
                .version 8.0
                .target sm_80
                .address_size 64
                .visible .entry odd(.param .u64 odd_param_0)
                {
                .reg .b32 %r<3>;
                mov.u32 %r1, 1;
                frobnicate.b32 %r2, %r1;
                ret;
                }
                """);
        Invocation run = Invocation.of("debug", "run-ptx", "--ptx", ptx.toString(), "--entry", "odd", "--grid", "1",
                "--block", "1", "--arg", "u64:0", "--json");
        assertKind("unsupported", run);
        assertEquals(8, JSON.readTree(run.out()).get("errors").get(0).get("line").intValue(), run::out);
    }
}
