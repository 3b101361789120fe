package io.penstock.runtime.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes safetensors files for tests, sound ones tensor by tensor and broken ones from any header. */
final class SafetensorsBuilder {
    private final ObjectNode header = new ObjectMapper().createObjectNode();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    SafetensorsBuilder add(String name, String dtype, byte[] bytes, long... shape) {
        ObjectNode entry = header.putObject(name);
        entry.put("dtype", dtype);
        for (long size : shape) {
            entry.withArray("shape").add(size);
        }
        if (shape.length == 0) {
            entry.putArray("shape");
        }
        entry.putArray("data_offsets").add(data.size()).add(data.size() + bytes.length);
        data.writeBytes(bytes);
        return this;
    }

    SafetensorsBuilder addBf16(String name, short[] bits, long... shape) {
        return add(name, "BF16", bytes(bits), shape);
    }

    SafetensorsBuilder addF32(String name, float[] values, long... shape) {
        var buffer = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(values);
        return add(name, "F32", buffer.array(), shape);
    }

    /** Copies a tensor from another file as it is. */
    SafetensorsBuilder copy(SafetensorsFile file, String name) {
        byte[] bytes = file.bytes(name).toArray(ValueLayout.JAVA_BYTE);
        return add(name, file.dtypeName(name), bytes, file.shape(name));
    }

    Path write(Path path) throws IOException {
        return write(path, header.toString(), data.toByteArray());
    }

    static byte[] bytes(short[] bits) {
        var buffer = ByteBuffer.allocate(bits.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asShortBuffer().put(bits);
        return buffer.array();
    }

    static Path write(Path path, String header, byte[] data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        var file = ByteBuffer.allocate(Long.BYTES + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json).put(data);
        return Files.write(path, file.array());
    }
}
