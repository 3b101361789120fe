package io.penstock.emulator.corpus;

import io.penstock.device.KernelSignature;
import io.penstock.emulator.check.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What one launch of a program left behind.
 *
 * @param buffers by argument; null where the argument is a value
 */
record Outcome(List<Fault> faults, List<ByteBuffer> buffers) {
    private static final Map<String, String> PTX = new ConcurrentHashMap<>();

    /** The text of a PTX of the corpus, such as {@code legal/scans}. */
    static String ptx(String name) {
        return PTX.computeIfAbsent(name, _ -> {
            try (InputStream in = Outcome.class.getResourceAsStream("/corpus/" + name + ".ptx")) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    static Set<String> entries(String name) {
        return KernelSignature.parse(ptx(name)).keySet();
    }

    static String bufferName(int argument) {
        return "argument " + argument;
    }

    /** All outputs that are not as expected, in lines. */
    String problems(Program program) {
        StringBuilder problems = new StringBuilder();
        for (int i = 0; i < program.arguments.size(); i++) {
            Program.Check check = program.arguments.get(i).check();
            String problem = check == null ? null : check.problem(buffers.get(i));
            if (problem != null) {
                problems.append(bufferName(i)).append(": ").append(problem).append('\n');
            }
        }
        return problems.toString();
    }
}
