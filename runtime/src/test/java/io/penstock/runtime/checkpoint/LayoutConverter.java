package io.penstock.runtime.checkpoint;

import io.penstock.runtime.config.ModelConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes a checkpoint's weights in the other layout of the experts, from the names on disk. */
final class LayoutConverter {
    private LayoutConverter() {}

    static void writeOtherLayout(Checkpoint original, Path target) throws IOException {
        var builder = new SafetensorsBuilder();
        var fused = new LinkedHashMap<String, ByteArrayOutputStream>();
        ModelConfig config = original.config();
        for (Path path : original.paths()) {
            try (var file = SafetensorsFile.open(path)) {
                for (String name : file.names()) {
                    if (name.endsWith("_proj") && name.contains(".experts.")) {
                        split(builder, file, name, config);
                    } else if (!name.contains(".experts.")) {
                        builder.copy(file, name);
                    }
                }
                for (int layer = 0; layer < config.numLayers(); layer++) {
                    fuse(fused, file, layer, config);
                }
            }
        }
        addFused(builder, fused, config);
        builder.write(target);
    }

    private static void split(SafetensorsBuilder builder, SafetensorsFile file, String name, ModelConfig config) {
        short[] bits = file.tensor(name).toBf16();
        String experts = name.substring(0, name.lastIndexOf('.') + 1);
        int width = config.moe().expertWidth();
        int hidden = config.hiddenSize();
        int matrix = width * hidden;
        for (int e = 0; e < config.moe().numExperts(); e++) {
            if (name.endsWith("gate_up_proj")) {
                builder.addBf16(experts + e + ".w1.weight", part(bits, 2 * e * matrix, matrix), width, hidden);
                builder.addBf16(experts + e + ".w3.weight", part(bits, (2 * e + 1) * matrix, matrix), width, hidden);
            } else {
                builder.addBf16(experts + e + ".w2.weight", part(bits, e * matrix, matrix), hidden, width);
            }
        }
    }

    private static void fuse(
            Map<String, ByteArrayOutputStream> fused, SafetensorsFile file, int layer, ModelConfig config) {
        String experts = "model.layers." + layer + ".feed_forward.experts.";
        for (int e = 0; e < config.moe().numExperts(); e++) {
            for (String matrix : new String[] {"w1", "w3", "w2"}) {
                String name = experts + e + "." + matrix + ".weight";
                if (file.contains(name)) {
                    String target = experts + (matrix.equals("w2") ? "down_proj" : "gate_up_proj");
                    fused.computeIfAbsent(target, t -> new ByteArrayOutputStream())
                            .writeBytes(SafetensorsBuilder.bytes(file.tensor(name).toBf16()));
                }
            }
        }
    }

    private static void addFused(
            SafetensorsBuilder builder, Map<String, ByteArrayOutputStream> fused, ModelConfig config) {
        long experts = config.moe().numExperts();
        long width = config.moe().expertWidth();
        long hidden = config.hiddenSize();
        fused.forEach((name, bytes) -> {
            if (name.endsWith("down_proj")) {
                builder.add(name, "BF16", bytes.toByteArray(), experts, hidden, width);
            } else {
                builder.add(name, "BF16", bytes.toByteArray(), experts, 2 * width, hidden);
            }
        });
    }

    private static short[] part(short[] bits, int from, int length) {
        return Arrays.copyOfRange(bits, from, from + length);
    }
}
