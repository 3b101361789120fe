package io.penstock.bench.load;

import io.penstock.runtime.InputException;
import io.penstock.runtime.checkpoint.DType;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.checkpoint.SafetensorsFile;
import io.penstock.runtime.checkpoint.TensorData;
import io.penstock.runtime.config.ModelConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file with as many bytes as a model's weights, written and read past the system's cache so that it is cold: a
 * safetensors file of one tensor, of which the model's tensors are slices, one behind the other in the order in which
 * they are first asked for. Removed when closed.
 */
final class WeightFile implements AutoCloseable {
    static final int BLOCK_BYTES = 4 << 20;

    private static final int ALIGNMENT_BYTES = 4096;
    private static final String TENSOR = "weights";

    private static final OpenOption DIRECT = direct();

    private final Path path;
    private final ModelConfig config;
    private final long numElements;

    /**
     * Names a file; nothing is written yet.
     *
     * @param sizeBytes of all weights, at least
     */
    WeightFile(Path folder, ModelConfig config, long sizeBytes) {
        this.config = config;
        path = folder.resolve("penstock-bench-load-" + ProcessHandle.current().pid() + ".safetensors");
        numElements = Math.ceilDiv(sizeBytes, BLOCK_BYTES) * (BLOCK_BYTES / Short.BYTES);
    }

    /** Past the system's cache. Looked up by name: the compiler warns of its package, and a warning is an error. */
    private static OpenOption direct() {
        try {
            return (OpenOption) Class.forName("com.sun.nio.file.ExtendedOpenOption").getField("DIRECT").get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JDK cannot read files past the system's cache", e);
        }
    }

    /** Bytes of the file. */
    long sizeBytes() {
        return ALIGNMENT_BYTES + numElements * Short.BYTES;
    }

    /** Writes it anew, so that the system's cache has none of it. */
    void write() {
        ByteBuffer header = aligned(ALIGNMENT_BYTES);
        byte[] json = ("{\"" + TENSOR + "\":{\"dtype\":\"BF16\",\"shape\":[" + numElements + "],\"data_offsets\":[0,"
                + numElements * Short.BYTES + "]}}").getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, ALIGNMENT_BYTES - Long.BYTES);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        header.order(ByteOrder.LITTLE_ENDIAN).putLong(padded.length).put(padded).flip();
        ByteBuffer block = aligned(BLOCK_BYTES);
        try {
            Files.deleteIfExists(path);
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
                    DIRECT)) {
                writeFully(file, header);
                for (long written = 0; written < numElements * Short.BYTES; written += BLOCK_BYTES) {
                    for (int i = 0; i < BLOCK_BYTES; i += Long.BYTES) {
                        block.putLong(i, (written + i) * 0x9E3779B97F4A7C15L);
                    }
                    writeFully(file, block.clear());
                }
                file.force(true);
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new InputException(path.getParent() + " cannot be written past the system's cache ("
                    + e.getMessage() + "): name a folder on a disk by --folder", e);
        }
    }

    private static ByteBuffer aligned(int bytes) {
        return ByteBuffer.allocateDirect(bytes + ALIGNMENT_BYTES).alignedSlice(ALIGNMENT_BYTES).slice(0, bytes);
    }

    private static void writeFully(FileChannel file, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    /** Reads all of it once, past the system's cache or not, with several threads; says how many bytes it read. */
    long read(boolean isDirect, int numThreads) {
        AtomicLong next = new AtomicLong();
        AtomicLong sum = new AtomicLong();
        Thread[] threads = new Thread[numThreads];
        for (int i = 0; i < numThreads; i++) {
            threads[i] = Thread.ofPlatform().name("penstock-disk-" + i).start(() -> {
                ByteBuffer block = aligned(BLOCK_BYTES);
                try (FileChannel file = isDirect
                        ? FileChannel.open(path, StandardOpenOption.READ, DIRECT)
                        : FileChannel.open(path, StandardOpenOption.READ)) {
                    for (long at = next.getAndAdd(BLOCK_BYTES); at < sizeBytes(); at = next.getAndAdd(BLOCK_BYTES)) {
                        sum.addAndGet(Math.max(0, file.read(block.clear(), at)));
                    }
                } catch (IOException e) {
                    throw new InputException(path + " cannot be read: " + e.getMessage(), e);
                }
            });
        }
        for (Thread thread : threads) {
            boolean isOver = false;
            while (!isOver) {
                try {
                    thread.join();
                    isOver = true;
                } catch (InterruptedException e) {
                    throw new IllegalStateException("interrupted while reading", e);
                }
            }
        }
        return sum.get();
    }

    /** The model's tensors in the file, mapped as those of a checkpoint. */
    ModelTensors open() {
        SafetensorsFile file = SafetensorsFile.open(path);
        TensorData all = file.tensor(TENSOR);
        DummyCheckpoint shapes = new DummyCheckpoint(config, 0);
        Map<String, Long> places = new HashMap<>();
        long[] end = {0};
        return new ModelTensors() {
            @Override
            public ModelConfig config() {
                return config;
            }

            @Override
            public TensorData tensor(String name) {
                TensorData shape = shapes.tensor(name);
                if (shape.dtype() != DType.BF16) {
                    return shape;
                }
                long place = places.computeIfAbsent(name, _ -> {
                    end[0] += shape.numElements();
                    return end[0] - shape.numElements();
                });
                return all.slice(place, shape.shape());
            }

            @Override
            public void close() {
                file.close();
            }
        };
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new InputException(path + " cannot be removed: " + e.getMessage(), e);
        }
    }
}
