package io.penstock.runtime.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * One safetensors file of the golden data, read whole; the static methods find the data and read its JSON. Paths are
 * relative to the {@code goldens} directory. A missing name or a wrong type is an {@link IllegalArgumentException}
 * that says which.
 */
public final class Goldens {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final JsonNode header;
    private final ByteBuffer data;

    private Goldens(Path file, JsonNode header, ByteBuffer data) {
        this.file = file;
        this.header = header;
        this.data = data;
    }

    /** The repository root, seen from the module under test. */
    public static Path repository() {
        return Path.of(System.getProperty("basedir", ".")).toAbsolutePath().resolve("..").normalize();
    }

    public static Path path(String relative) {
        return repository().resolve("goldens").resolve(relative);
    }

    /** A JSON file of the golden data. */
    public static JsonNode json(String relative) {
        try {
            return JSON.readTree(Files.readAllBytes(path(relative)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file with one JSON value a line; empty lines are skipped. */
    public static List<JsonNode> jsonLines(String relative) {
        try {
            List<JsonNode> values = new ArrayList<>();
            for (String line : Files.readAllLines(path(relative), StandardCharsets.UTF_8)) {
                if (!line.isBlank()) {
                    values.add(JSON.readTree(line));
                }
            }
            return values;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A safetensors file of the golden data. */
    public static Goldens open(String relative) {
        return open(path(relative));
    }

    /** Any safetensors file of less than 2 GiB. */
    public static Goldens open(Path file) {
        try {
            ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int headerBytes = Math.toIntExact(all.getLong(0));
            JsonNode header = JSON.readTree(all.array(), Long.BYTES, headerBytes);
            int dataStart = Long.BYTES + headerBytes;
            ByteBuffer data = all.slice(dataStart, all.limit() - dataStart).order(ByteOrder.LITTLE_ENDIAN);
            return new Goldens(file, header, data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Set<String> names() {
        Set<String> names = new TreeSet<>();
        header.fieldNames().forEachRemaining(names::add);
        names.remove("__metadata__");
        return names;
    }

    public boolean contains(String name) {
        return header.has(name);
    }

    public int[] shape(String name) {
        JsonNode dims = tensor(name).get("shape");
        int[] shape = new int[dims.size()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = dims.get(i).intValue();
        }
        return shape;
    }

    /** F32, BF16 or F16 values, row-major. */
    public float[] floats(String name) {
        ByteBuffer values = values(name);
        String dtype = dtype(name);
        float[] floats = new float[values.remaining() / (dtype.equals("F32") ? Float.BYTES : Short.BYTES)];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = switch (dtype) {
                case "F32" -> values.getFloat();
                case "BF16" -> Float.intBitsToFloat(values.getShort() << 16);
                case "F16" -> Float.float16ToFloat(values.getShort());
                default -> throw wrongType(name, "F32, BF16 or F16");
            };
        }
        return floats;
    }

    /** I32 values, row-major. */
    public int[] ints(String name) {
        if (!dtype(name).equals("I32")) {
            throw wrongType(name, "I32");
        }
        ByteBuffer values = values(name);
        int[] ints = new int[values.remaining() / Integer.BYTES];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = values.getInt();
        }
        return ints;
    }

    /** The bytes of a tensor as they are stored, of any type. */
    public byte[] bytes(String name) {
        ByteBuffer values = values(name);
        byte[] bytes = new byte[values.remaining()];
        values.get(bytes);
        return bytes;
    }

    public String dtype(String name) {
        return tensor(name).get("dtype").textValue();
    }

    private ByteBuffer values(String name) {
        JsonNode offsets = tensor(name).get("data_offsets");
        int start = offsets.get(0).intValue();
        return data.slice(start, offsets.get(1).intValue() - start).order(ByteOrder.LITTLE_ENDIAN);
    }

    private JsonNode tensor(String name) {
        JsonNode tensor = header.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(file + " has no tensor " + name + ", only " + names());
        }
        return tensor;
    }

    private IllegalArgumentException wrongType(String name, String wanted) {
        return new IllegalArgumentException(name + " in " + file + " is " + dtype(name) + ", not " + wanted);
    }
}
