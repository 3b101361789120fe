package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a user does wrong with run-ptx: one line, the exit code of wrong usage, and nothing on standard output. */
class RunPtxBadInputTest {
    private static final int USAGE = 2;

    @TempDir
    private static Path folder;

    private static Arguments bad(String message, String... args) {
        return Arguments.of(message, args);
    }

    private static Arguments badShape(String message, String grid, String block, String... more) {
        List<String> args = new ArrayList<>(List.of("--ptx", RunPtxTest.corpus("legal/scans"), "--entry",
                "scan_warp_shuffle_i32", "--grid", grid, "--block", block));
        args.addAll(List.of(more));
        return bad(message, args.toArray(String[]::new));
    }

    /** The kernel takes in, out and an int; the arguments are those given. */
    private static Arguments badArgs(String message, String... arguments) {
        List<String> args = new ArrayList<>();
        for (String argument : arguments) {
            args.add("--arg");
            args.add(argument);
        }
        return badShape(message, "1,1,1", "32,1,1", args.toArray(String[]::new));
    }

    private static Arguments badArg(String message, String argument) {
        return badArgs("--arg " + argument + ": " + message, "in:" + file(), "out:" + folder + "/y:128", argument);
    }

    private static String file() {
        Path file = folder.resolve("x.bin");
        try {
            return Files.write(file, new byte[128]).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Arguments> shapes() {
        return Stream.of(
                bad("Missing required option", "--entry", "x"),
                badShape("--grid must be up to three whole numbers, such as 4,1,1, not 'a'", "a", "1"),
                badShape("--grid must be up to three whole numbers", "1,1,1,1", "1"),
                badShape("--grid must be up to three whole numbers", "1,,1", "1"),
                badShape("--grid must be up to three whole numbers", "-1", "1"),
                badShape("--grid 0,1,1: grid of 0 x 1 x 1 blocks", "0,1,1", "1"),
                badShape("--grid 1,70000: grid of 1 x 70000 x 1 blocks", "1,70000", "1"),
                badShape("--grid 2147483647,65535,65535: 9223090559730712575 blocks", "2147483647,65535,65535", "1"),
                badShape("--block must be up to three whole numbers", "1", "99999999999"),
                badShape("--block 1025: a block has 1 to 1024 threads in all", "1", "1025"),
                badShape("--block 32,32,2: a block has 1 to 1024 threads in all", "1", "32,32,2"),
                badShape("--block 65536,65536,65536: a block has", "1", "65536,65536,65536"),
                badShape("--block 0,1,1: a block has 1 to 1024 threads in all", "1", "0,1,1"),
                badShape("--block 1,1,128: z is at most 64", "1", "1,1,128"),
                badShape("--shared must be between 0 and 232448, not -1", "1", "1", "--shared", "-1"),
                badShape("--shared must be between 0 and 232448, not 1000000", "1", "1", "--shared", "1000000"),
                badShape("Invalid value for option '--shared': 'x'", "1", "1", "--shared", "x"),
                badShape("--schedules must be between 1 and 100000, not 0", "1", "1", "--schedules", "0"),
                badShape("Invalid value for option '--seed': 'x'", "1", "1", "--seed", "x"),
                badShape("Unknown option: '--blocks'", "1", "1", "--blocks"));
    }

    static Stream<Arguments> files() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.ptx"), "");
        Path binary = Files.write(folder.resolve("binary.ptx"), new byte[] {0x7f, 'E', 'L', 'F', (byte) 0xff});
        Path broken = Files.writeString(folder.resolve("broken.ptx"), """
                .version 8.0
                .target sm_80
                .address_size 64
                .visible .entry f()
                {
                mov.u32 %r1 1
                }
                """);
        String absent = folder.resolve("absent").toString();
        String scans = RunPtxTest.corpus("legal/scans");
        return Stream.of(
                bad(absent + " does not exist", at(absent, "f")),
                bad(folder + " is a directory", at(folder.toString(), "f")),
                bad(empty + " has no .entry: give PTX", at(empty.toString(), "f")),
                bad(binary + " is not UTF-8", at(binary.toString(), "f")),
                bad(broken + ": PTX line 6: ", at(broken.toString(), "f")),
                bad(scans + " has no entry 'scan'; it has scan_hillis_steele_i32, scan_blelloch_i32",
                        at(scans, "scan")),
                badArgs("entry scan_warp_shuffle_i32 takes 3 arguments (.u64, .u64, .u32), but 0 --arg are given"),
                badArgs("entry scan_warp_shuffle_i32 takes 3 arguments (.u64, .u64, .u32), but 1 --arg is given",
                        "i32:1"),
                badArgs("--arg in:" + absent + ": " + absent + " does not exist", "in:" + absent, "u64:0", "i32:1"),
                badArgs("--arg in:" + folder + ": " + folder + " is a directory", "in:" + folder, "u64:0", "i32:1"),
                badArgs("--arg in:" + empty + ": " + empty + " is empty", "in:" + empty, "u64:0", "i32:1"),
                badArgs("--arg out:" + folder + ":4: " + folder + " is a directory", "u64:0", "out:" + folder + ":4",
                        "i32:1"),
                badArgs("--arg out:" + absent + "/y:4: there is no directory " + absent, "u64:0",
                        "out:" + absent + "/y:4", "i32:1"),
                badArgs("--arg out:" + absent + ":4: another argument writes " + absent, "out:" + absent + ":4",
                        "out:" + absent + ":4", "i32:1"));
    }

    private static String[] at(String ptx, String entry) {
        return new String[] {"--ptx", ptx, "--entry", entry, "--grid", "1", "--block", "1"};
    }

    static Stream<Arguments> arguments() {
        return Stream.of(
                badArg("the forms are in:FILE, out:FILE:BYTES", "7"),
                badArg("the forms are in:FILE, out:FILE:BYTES", "int:7"),
                badArg("'x' is not a whole number, such as 12, -3 or 0xff", "i32:x"),
                badArg("'' is not a whole number", "i32:"),
                badArg("'1.5' is not a whole number", "i32:1.5"),
                badArg("2147483648 is not between -2147483648 and 2147483647", "i32:2147483648"),
                badArg("-1 is not between 0 and 4294967295", "u32:-1"),
                badArg("300 is not between 0 and 255", "u8:300"),
                badArg("it has 8 bytes, but parameter 2 of scan_warp_shuffle_i32 is .u32", "i64:7"),
                badArg("it has 2 bytes, but parameter 2 of scan_warp_shuffle_i32 is .u32", "i16:7"),
                badArg("it is a float, but parameter 2 of scan_warp_shuffle_i32 is .u32", "f32:7"),
                badArg("it has 8 bytes, but parameter 2", "f64:7"),
                badArg("'1f' is not a number, such as 1.5, -2e-3, inf or nan", "f32:1f"),
                badArg("memory is passed as a pointer of 8 bytes, but parameter 2 of scan_warp_shuffle_i32 is .u32",
                        "in:" + file()),
                badArg("it has 3 bytes, but parameter 2", "bytes:010203"),
                badArg("give pairs of hexadecimal digits", "bytes:0g"),
                badArg("give pairs of hexadecimal digits", "bytes:"),
                badArg("a file's name is missing", "in:"),
                badArg("the size in bytes is missing: give out:FILE:BYTES", "out:y"),
                badArg("the size must be between 1 and 2147483647 bytes, not 0", "out:y:0"),
                badArg("the size must be between 1 and 2147483647 bytes, not -5", "out:y:-5"),
                badArg("'many' is not a whole number", "out:y:many"),
                badArg("the file for the output is missing: give inout:FILE:OUTFILE", "inout:x"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"shapes", "files", "arguments"})
    void isOneLineAndTheExitCodeOfWrongUsage(String message, String[] args) {
        List<String> all = new ArrayList<>(List.of("debug", "run-ptx"));
        all.addAll(List.of(args));
        Invocation run = Invocation.of(all.toArray(String[]::new));
        assertEquals(USAGE, run.exitCode(), run::err);
        assertEquals("", run.out());
        assertTrue(run.err().startsWith("penstock: " + message), run::err);
        assertTrue(run.err().endsWith("; try penstock debug run-ptx --help\n"), run::err);
        assertEquals(1, run.err().lines().count(), run::err);
        assertFalse(run.err().contains("that is a defect") || run.err().contains("\tat "), run::err);
    }

    @Test
    void programsThatReadJsonFindTheReasonInIt() throws IOException {
        Invocation run = Invocation.of("debug", "run-ptx", "--ptx", RunPtxTest.corpus("legal/scans"), "--entry",
                "\"absent\"", "--grid", "1", "--block", "32", "--json");
        assertEquals(USAGE, run.exitCode(), run::err);
        JsonNode report = new ObjectMapper().readTree(run.out());
        assertFalse(report.get("ok").booleanValue());
        assertEquals("usage", report.get("errors").get(0).get("kind").textValue());
        assertTrue(report.get("errors").get(0).get("message").textValue().contains("has no entry '\"absent\"'"),
                run::out);
        assertEquals(1, run.err().lines().count(), run::err);
    }

    @Test
    void outputThatBecomesUnwritable() {
        Invocation run = Invocation.of("debug", "run-ptx", "--ptx", RunPtxTest.corpus("legal/scans"), "--entry",
                "scan_warp_shuffle_i32", "--grid", "1", "--block", "32", "--arg", "in:" + file(), "--arg",
                "out:/dev/full:128", "--arg", "i32:32");
        assertEquals(USAGE, run.exitCode(), run::err);
        assertTrue(run.err().startsWith("penstock: cannot write /dev/full"), run::err);
    }
}
