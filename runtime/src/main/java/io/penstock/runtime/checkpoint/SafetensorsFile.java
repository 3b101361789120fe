package io.penstock.runtime.checkpoint;

import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;

/**
 * One safetensors file, mapped into memory and readable by many threads. What is wrong with it is found when it is
 * opened: an {@link InputException} of one line that begins with the path and names the tensor.
 */
public final class SafetensorsFile implements AutoCloseable {
    /** The longest header that is read. */
    public static final long MAX_HEADER_BYTES = 100_000_000;

    private static final ValueLayout.OfLong LENGTH =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final String LFS_POINTER = "version https://git-lfs";

    private final Path path;
    private final Arena arena;
    private final MemorySegment data;
    private final Map<String, SafetensorsHeader.Entry> entries;

    private SafetensorsFile(Path path, Arena arena, MemorySegment file) {
        this.path = path;
        this.arena = arena;
        long headerBytes = headerBytes(file);
        byte[] header = file.asSlice(Long.BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
        this.data = file.asSlice(Long.BYTES + headerBytes);
        this.entries = SafetensorsHeader.parse(header, data.byteSize(), path.toString());
    }

    /** Maps a file and checks its header; the data is not read. */
    public static SafetensorsFile open(Path path) {
        if (!Files.exists(path)) {
            throw new InputException(path + " does not exist");
        }
        if (!Files.isRegularFile(path)) {
            throw new InputException(path + " is not a file");
        }
        var arena = Arena.ofShared();
        try {
            return new SafetensorsFile(path, arena, map(path, arena));
        } catch (InputException e) {
            arena.close();
            throw e;
        }
    }

    private static MemorySegment map(Path path, Arena arena) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (IOException e) {
            throw new InputException(path + " cannot be read: " + StrictJson.describe(e), e);
        }
    }

    private long headerBytes(MemorySegment file) {
        long size = file.byteSize();
        if (startsWith(file, LFS_POINTER)) {
            throw new InputException(path + " is a Git LFS pointer, not the weights; run git lfs pull");
        }
        if (size < Long.BYTES) {
            throw new InputException(path + " has " + size + " bytes, too few for a safetensors file; fetch it again");
        }
        long headerBytes = file.get(LENGTH, 0);
        if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
            throw new InputException(path + " is not a safetensors file: its header would have "
                    + Long.toUnsignedString(headerBytes) + " bytes, at most " + MAX_HEADER_BYTES + " are read");
        }
        if (headerBytes > size - Long.BYTES) {
            throw new InputException(path + ": the header has " + headerBytes + " bytes, but the file ends after "
                    + (size - Long.BYTES) + " of them; it is truncated, fetch it again");
        }
        return headerBytes;
    }

    private static boolean startsWith(MemorySegment file, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return file.byteSize() >= bytes.length
                && file.asSlice(0, bytes.length).mismatch(MemorySegment.ofArray(bytes)) < 0;
    }

    public Path path() {
        return path;
    }

    /** All tensors, in the order of their data. */
    public Set<String> names() {
        return entries.keySet();
    }

    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    /** The dtype's name in the file, which need not be one of {@link DType}. */
    public String dtypeName(String name) {
        return entry(name).dtype();
    }

    public long[] shape(String name) {
        return entry(name).shape().clone();
    }

    /** A tensor's bytes as they are in the file, little-endian, read-only, valid until this is closed. */
    public MemorySegment bytes(String name) {
        SafetensorsHeader.Entry entry = entry(name);
        return data.asSlice(entry.begin(), entry.end() - entry.begin());
    }

    /** A tensor of floats; another dtype is refused. */
    public TensorData tensor(String name) {
        SafetensorsHeader.Entry entry = entry(name);
        DType dtype = DType.ofName(entry.dtype());
        if (dtype == null) {
            throw new InputException(path + ": tensor " + StrictJson.quote(name) + " is "
                    + SafetensorsHeader.describe(entry) + "; only BF16, F16 and F32 are supported");
        }
        return new MappedTensor(name, dtype, entry.shape(), bytes(name));
    }

    /** Type and shape for a message, such as {@code BF16 [2, 3]}. */
    String describe(String name) {
        return SafetensorsHeader.describe(entry(name));
    }

    /** Unmaps the file: nothing that came from it can be read any more. */
    @Override
    public void close() {
        arena.close();
    }

    private SafetensorsHeader.Entry entry(String name) {
        SafetensorsHeader.Entry entry = entries.get(name);
        if (entry == null) {
            throw new InputException(path + " has no tensor " + StrictJson.quote(name));
        }
        return entry;
    }
}
