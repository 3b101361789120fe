package io.penstock.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.FaultKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What several schedules of one launch showed: the faults, merged by kind and line, and the last one's counters. */
final class PtxReport {
    private final String entry;
    private final int[] grid;
    private final int[] block;
    private final Map<Key, Merged> faults = new LinkedHashMap<>();
    private final List<String> differing = new ArrayList<>();
    private Map<String, Long> counters = Map.of();
    private int numSchedules;

    private record Key(FaultKind kind, int line) {}

    private static final class Merged {
        final Fault first;
        final long seed;
        int numSchedules;

        Merged(Fault first, long seed) {
            this.first = first;
            this.seed = seed;
        }
    }

    PtxReport(String entry, int[] grid, int[] block) {
        this.entry = entry;
        this.grid = grid;
        this.block = block;
    }

    void addSchedule(long seed, List<Fault> found, Map<String, Long> counted) {
        numSchedules++;
        counters = counted;
        List<Key> counts = new ArrayList<>();
        for (Fault fault : found) {
            Key key = new Key(fault.kind(), fault.place().line());
            Merged merged = faults.computeIfAbsent(key, _ -> new Merged(fault, seed));
            if (!counts.contains(key)) {
                counts.add(key);
                merged.numSchedules++;
            }
        }
    }

    /** An output that was not the same after all schedules. */
    void addDiffering(String argument) {
        if (!differing.contains(argument)) {
            differing.add(argument);
        }
    }

    boolean ok() {
        return faults.isEmpty();
    }

    private static int[] coordinates(long index, int[] shape) {
        return new int[] {
            (int) (index % shape[0]), (int) (index / shape[0] % shape[1]), (int) (index / shape[0] / shape[1])
        };
    }

    private int[] cta(Fault fault) {
        return coordinates(fault.place().cta(), grid);
    }

    private int[] thread(Fault fault) {
        return coordinates(fault.place().thread(), block);
    }

    void printJson() throws IOException {
        try (JsonGenerator out = new JsonFactory().createGenerator(System.out)) {
            out.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            out.writeStartObject();
            out.writeBooleanField("ok", ok());
            out.writeStringField("entry", entry);
            out.writeNumberField("schedules", numSchedules);
            out.writeArrayFieldStart("errors");
            for (Merged merged : faults.values()) {
                write(merged, out);
            }
            out.writeEndArray();
            out.writeArrayFieldStart("differing_outputs");
            for (String argument : differing) {
                out.writeString(argument);
            }
            out.writeEndArray();
            out.writeObjectFieldStart("counters");
            for (var counter : counters.entrySet()) {
                out.writeNumberField(counter.getKey(), counter.getValue());
            }
            out.writeEndObject();
            out.writeEndObject();
            out.writeRaw('\n');
        }
    }

    /** The same form for what could not be run: one error, of a kind that no kernel has. */
    static void printWrongUsage(String entry, String message) throws IOException {
        try (JsonGenerator out = new JsonFactory().createGenerator(System.out)) {
            out.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            out.writeStartObject();
            out.writeBooleanField("ok", false);
            out.writeStringField("entry", entry);
            out.writeArrayFieldStart("errors");
            out.writeStartObject();
            out.writeStringField("kind", "usage");
            out.writeStringField("message", message);
            out.writeEndObject();
            out.writeEndArray();
            out.writeObjectFieldStart("counters");
            out.writeEndObject();
            out.writeEndObject();
            out.writeRaw('\n');
        }
    }

    private void write(Merged merged, JsonGenerator out) throws IOException {
        Fault fault = merged.first;
        out.writeStartObject();
        out.writeStringField("kind", fault.kind().word());
        out.writeStringField("message", fault.message());
        out.writeNumberField("line", fault.place().line());
        if (fault.place().cudaLine() > 0) {
            out.writeNumberField("cuda_line", fault.place().cudaLine());
        }
        write("cta", cta(fault), out);
        write("thread", thread(fault), out);
        out.writeNumberField("warp", fault.place().warp());
        out.writeNumberField("lane", fault.place().lane());
        if (!fault.allocation().isEmpty()) {
            out.writeStringField("address", "0x" + Long.toHexString(fault.address()));
            out.writeStringField("allocation", fault.allocation());
            out.writeNumberField("offset", fault.offset());
        }
        out.writeNumberField("seed", merged.seed);
        out.writeNumberField("schedules", merged.numSchedules);
        out.writeEndObject();
    }

    private static void write(String name, int[] coordinates, JsonGenerator out) throws IOException {
        out.writeArrayFieldStart(name);
        for (int coordinate : coordinates) {
            out.writeNumber(coordinate);
        }
        out.writeEndArray();
    }

    void print() {
        for (Merged merged : faults.values()) {
            System.out.println(line(merged));
        }
        for (String argument : differing) {
            System.out.println("the schedules left different bytes in " + argument);
        }
        System.out.println((ok() ? "clean: " : faults.size() + (faults.size() == 1 ? " error: " : " errors: ")) + entry
                + ", " + numSchedules + (numSchedules == 1 ? " schedule" : " schedules"));
        System.out.println();
        for (var counter : counters.entrySet()) {
            System.out.println(String.format(Locale.ROOT, "%-22s %,18d", counter.getKey(), counter.getValue()));
        }
    }

    private String line(Merged merged) {
        Fault fault = merged.first;
        StringBuilder line = new StringBuilder(fault.kind().word());
        if (fault.place().line() > 0) {
            line.append(": PTX line ").append(fault.place().line());
        }
        if (fault.place().cudaLine() > 0) {
            line.append(" (CUDA line ").append(fault.place().cudaLine()).append(')');
        }
        line.append(": block ").append(shown(cta(fault))).append(" thread ").append(shown(thread(fault))).append(": ")
                .append(fault.message().lines().findFirst().orElse(""));
        if (!fault.allocation().isEmpty()) {
            line.append(" [").append(fault.allocation()).append(fault.offset() < 0 ? "" : "+").append(fault.offset())
                    .append(']');
        }
        return line.append(" (").append(merged.numSchedules).append(" of ").append(numSchedules)
                .append(" schedules, first with --seed ").append(merged.seed).append(')').toString();
    }

    private static String shown(int[] coordinates) {
        return "(" + coordinates[0] + ", " + coordinates[1] + ", " + coordinates[2] + ")";
    }
}
