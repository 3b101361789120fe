package io.penstock.batch.local;

import io.penstock.runtime.InputException;
import io.penstock.serving.model.ModelSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a model is told by from another: the files of its folder by name, size and content. Of large ones, the weights,
 * the start, which names all tensors, and places evenly spread are looked at: reading all of many gigabytes would take
 * longer than loading them.
 */
public final class ModelFingerprint {
    private static final long WHOLE_BYTES = 32 << 20;
    private static final int HEAD_BYTES = 1 << 20;
    private static final int NUM_SAMPLES = 64;
    private static final int SAMPLE_BYTES = 1 << 12;
    private static final List<String> ENDINGS = List.of(".json", ".jinja", ".safetensors", ".model", ".txt");

    private ModelFingerprint() {}

    /**
     * As hexadecimal digits.
     *
     * @param chatTemplate what stands in place of the model's own template: a file or a name; null for none
     * @throws InputException if a file cannot be read
     */
    public static String of(ModelSource source, String chatTemplate) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
        if (source.isDummy()) {
            add(digest, "dummy " + source.config());
        }
        try (Stream<Path> files = Files.list(source.directory())) {
            for (Path file : files.sorted().toList()) {
                if (ENDINGS.stream().anyMatch(file.toString()::endsWith) && Files.isRegularFile(file)) {
                    add(digest, file);
                }
            }
            if (chatTemplate != null && Files.isRegularFile(Path.of(chatTemplate))) {
                add(digest, Path.of(chatTemplate));
            } else if (chatTemplate != null) {
                add(digest, chatTemplate);
            }
        } catch (IOException e) {
            throw new InputException(source.directory() + " cannot be read: " + e.getMessage(), e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void add(MessageDigest digest, String text) {
        digest.update((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static void add(MessageDigest digest, Path file) throws IOException {
        long size = Files.size(file);
        add(digest, file.getFileName() + " " + size);
        if (size <= WHOLE_BYTES) {
            digest.update(Files.readAllBytes(file));
            return;
        }
        try (FileChannel channel = FileChannel.open(file)) {
            add(digest, channel, 0, HEAD_BYTES);
            for (int i = 1; i <= NUM_SAMPLES; i++) {
                add(digest, channel, (size - SAMPLE_BYTES) / NUM_SAMPLES * i, SAMPLE_BYTES);
            }
        }
    }

    private static void add(MessageDigest digest, FileChannel channel, long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) >= 0) {
            // more
        }
        digest.update(bytes.flip());
    }
}
