package io.penstock.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** One run of the program inside the test's process: what it printed, and its exit code. */
record Invocation(int exitCode, String out, String err) {
    static Invocation of(String... args) {
        return withInput(new byte[0], args);
    }

    static Invocation withInput(String text, String... args) {
        return withInput(text.getBytes(StandardCharsets.UTF_8), args);
    }

    static Invocation withInput(byte[] input, String... args) {
        var out = new ByteArrayOutputStream();
        return run(input, out, args, out);
    }

    /** Standard output is {@code closed}: a stream that takes nothing. */
    static Invocation withOutput(OutputStream closed, String... args) {
        return run(new byte[0], closed, args, new ByteArrayOutputStream());
    }

    private static Invocation run(byte[] input, OutputStream to, String[] args, ByteArrayOutputStream captured) {
        var err = new ByteArrayOutputStream();
        InputStream realIn = System.in;
        PrintStream realOut = System.out;
        PrintStream realErr = System.err;
        try (var out = new PrintStream(to, false, StandardCharsets.UTF_8);
                var errors = new PrintStream(err, true, StandardCharsets.UTF_8)) {
            System.setIn(new ByteArrayInputStream(input));
            System.setOut(out);
            System.setErr(errors);
            int exitCode = Penstock.run(out, errors, false, args);
            return new Invocation(exitCode, captured.toString(StandardCharsets.UTF_8),
                    err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setIn(realIn);
            System.setOut(realOut);
            System.setErr(realErr);
        }
    }
}
