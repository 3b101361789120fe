package io.penstock.batch.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A disk that fails as disks do, by a seed. It writes some of the bytes, is full or broken at some write, and a crash
 * leaves of what was not forced whichever sectors it likes. Names are durable at once, as {@link Disk} promises.
 */
public final class MemoryDisk implements Disk {
    private static final int SECTOR = 512;

    private final Map<Path, Content> files = new HashMap<>();
    private final Random random;
    private long numWritesLeft = Long.MAX_VALUE;
    private String failure;
    private boolean isLocked;

    /** What is in a file now, and what of it a crash cannot take. */
    private static final class Content {
        byte[] now = {};
        byte[] durable = {};
    }

    public MemoryDisk(long seed) {
        random = new Random(seed);
    }

    /** At the n-th operation from now on that changes something, and ever after, this is what writers are told. */
    public void failAfter(long numWrites, String message) {
        numWritesLeft = numWrites;
        failure = message;
    }

    /** The power fails: what was not forced is lost, or kept, or torn; everybody who had a file open has lost it. */
    public void crash() {
        for (Content content : files.values()) {
            byte[] left = Arrays.copyOf(content.durable, Math.max(content.durable.length, content.now.length));
            int length = content.durable.length;
            for (int at = 0; at < content.now.length; at += SECTOR) {
                int end = Math.min(at + SECTOR, content.now.length);
                if (random.nextBoolean()) {
                    System.arraycopy(content.now, at, left, at, end - at);
                    length = Math.max(length, end);
                }
            }
            if (content.now.length < content.durable.length && random.nextBoolean()) {
                length = content.now.length;
            }
            content.now = Arrays.copyOf(left, length);
            content.durable = content.now;
        }
        repair();
    }

    /** The process was killed: what was written stays. Or the disk has room again. */
    public void repair() {
        isLocked = false;
        numWritesLeft = Long.MAX_VALUE;
    }

    /** What is in a file; null if there is none. */
    public byte[] content(Path file) {
        Content content = files.get(file);
        return content == null ? null : content.now;
    }

    /** All files, by name. */
    public Map<Path, Integer> sizes() {
        Map<Path, Integer> sizes = new TreeMap<>();
        files.forEach((file, content) -> sizes.put(file, content.now.length));
        return sizes;
    }

    private void change() throws IOException {
        if (numWritesLeft-- <= 0) {
            throw new IOException(failure);
        }
    }

    @Override
    public DiskFile open(Path file) throws IOException {
        if (!files.containsKey(file)) {
            change();
            files.put(file, new Content());
        }
        return new Handle(files.get(file));
    }

    @Override
    public long size(Path file) {
        return files.containsKey(file) ? files.get(file).now.length : -1;
    }

    @Override
    public byte[] read(Path file) {
        return files.get(file).now.clone();
    }

    @Override
    public void replace(Path file, byte[] content) throws IOException {
        change();
        Content made = new Content();
        made.now = content.clone();
        made.durable = made.now;
        files.put(file, made);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        change();
        files.put(to, files.remove(from));
    }

    @Override
    public void delete(Path file) throws IOException {
        change();
        files.remove(file);
    }

    @Override
    public void makeFolder(Path folder) {}

    @Override
    public Lock lock(Path file) {
        if (isLocked) {
            return null;
        }
        isLocked = true;
        return () -> isLocked = false;
    }

    private final class Handle implements DiskFile {
        private final Content content;

        Handle(Content content) {
            this.content = content;
        }

        @Override
        public long size() {
            return content.now.length;
        }

        @Override
        public int write(ByteBuffer bytes, long position) throws IOException {
            int length = random.nextInt(4) > 0 ? bytes.remaining() : 1 + random.nextInt(bytes.remaining());
            boolean fails = numWritesLeft <= 0;
            if (fails) {
                length = random.nextInt(length);
            }
            int end = Math.toIntExact(position + length);
            byte[] changed = Arrays.copyOf(content.now, Math.max(end, content.now.length));
            bytes.get(changed, (int) position, length);
            content.now = changed;
            change();
            return length;
        }

        @Override
        public int read(ByteBuffer into, long position) {
            int length = (int) Math.min(into.remaining(), content.now.length - position);
            if (length <= 0) {
                return -1;
            }
            length = 1 + random.nextInt(length);
            into.put(content.now, (int) position, length);
            return length;
        }

        @Override
        public void truncate(long size) throws IOException {
            change();
            content.now = Arrays.copyOf(content.now, (int) Math.min(size, content.now.length));
        }

        @Override
        public void force() throws IOException {
            change();
            content.durable = content.now.clone();
        }

        @Override
        public void close() {}
    }
}
