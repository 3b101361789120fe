package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleConsumer;

/**
 * Fills the weights' arena: several threads read rows from mapped files into pinned chunks while this thread's stream
 * copies those that are full. Made, used once, and closed.
 */
final class WeightUpload implements AutoCloseable {
    /** Long enough that a copy reaches the bus's bandwidth: 160 us of 25 GB/s, behind some 10 us of a call. */
    private static final int CHUNK_BYTES = 4 << 20;

    /** Chunks that are being copied while the readers fill theirs. */
    private static final int CHUNKS_IN_FLIGHT = 2;

    /** More than small machines have cores: a reader of a file that is not in memory waits, and disks like many. */
    private static final int MIN_READERS = 8;

    private static final int MAX_READERS = 16;

    private final Stream stream;
    private final List<WeightLayout.Part> parts;
    private final List<Chunk> chunks = new ArrayList<>();
    private final BlockingQueue<Chunk> free;
    private final BlockingQueue<Chunk> full;
    private final List<Job> jobs = new ArrayList<>();
    private final AtomicInteger nextJob = new AtomicInteger();
    private volatile boolean isOver;

    /** Rows of a part that fit into a chunk. */
    private record Job(WeightLayout.Part part, int firstRow, int numRows) {
        long offsetBytes() {
            return part.offsetBytes() + (long) firstRow * part.rows().rowBytes();
        }

        long sizeBytes() {
            return (long) numRows * part.rows().rowBytes();
        }
    }

    private static final class Chunk {
        final PinnedMemory memory;
        final Event copied;
        Job job;
        Throwable failure;

        Chunk(PinnedMemory memory, Event copied) {
            this.memory = memory;
            this.copied = copied;
        }
    }

    WeightUpload(Device device, Stream stream, List<WeightLayout.Part> parts) {
        this.stream = stream;
        int largestRow = 0;
        for (WeightLayout.Part part : parts) {
            largestRow = Math.max(largestRow, part.rows().rowBytes());
        }
        int chunkBytes = Math.max(CHUNK_BYTES, largestRow);
        this.parts = parts;
        for (WeightLayout.Part part : parts) {
            int rowsPerChunk = chunkBytes / part.rows().rowBytes();
            for (int row = 0; row < part.rows().numRows(); row += rowsPerChunk) {
                jobs.add(new Job(part, row, Math.min(rowsPerChunk, part.rows().numRows() - row)));
            }
        }
        int numChunks = numReaders() + CHUNKS_IN_FLIGHT;
        free = new ArrayBlockingQueue<>(numChunks);
        full = new ArrayBlockingQueue<>(numChunks);
        for (int i = 0; i < numChunks; i++) {
            Chunk chunk = new Chunk(device.allocatePinned("weight staging", chunkBytes), device.createEvent());
            chunks.add(chunk);
            free.add(chunk);
        }
    }

    private int numReaders() {
        int number = Math.clamp(Runtime.getRuntime().availableProcessors(), MIN_READERS, MAX_READERS);
        return Math.max(1, Math.min(number, jobs.size()));
    }

    /**
     * Copies everything, and returns when it is there.
     *
     * @param shareLoaded told how much of all there is so far, up to 1, on this thread
     */
    void run(DeviceMemory arena, DoubleConsumer shareLoaded) {
        List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < numReaders(); i++) {
            readers.add(Thread.ofPlatform().name("penstock-weights-" + i).daemon().start(this::read));
        }
        try {
            copy(arena, shareLoaded);
            stream.synchronize();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("loading the weights was interrupted", e);
        } finally {
            isOver = true;
            readers.forEach(Thread::interrupt);
            readers.forEach(WeightUpload::join);
        }
    }

    private void copy(DeviceMemory arena, DoubleConsumer shareLoaded) throws InterruptedException {
        Deque<Chunk> inFlight = new ArrayDeque<>();
        for (WeightLayout.Part part : parts) {
            if (part.paddingBytes() > 0) {
                stream.fill(arena, part.offsetBytes() + part.sizeBytes(), part.paddingBytes(), (byte) 0);
            }
        }
        long all = 0;
        for (Job job : jobs) {
            all += job.sizeBytes();
        }
        long loaded = 0;
        for (int i = 0; i < jobs.size(); i++) {
            Chunk chunk = full.take();
            if (chunk.failure != null) {
                throw new IllegalStateException("reading the weights failed", chunk.failure);
            }
            Job job = chunk.job;
            stream.copyToDevice(arena, job.offsetBytes(), chunk.memory.segment(), 0, job.sizeBytes());
            stream.record(chunk.copied);
            inFlight.add(chunk);
            if (inFlight.size() == CHUNKS_IN_FLIGHT) {
                Chunk oldest = inFlight.remove();
                oldest.copied.synchronize();
                free.add(oldest);
            }
            loaded += job.sizeBytes();
            shareLoaded.accept((double) loaded / all);
        }
    }

    private void read() {
        try {
            for (int i = nextJob.getAndIncrement(); i < jobs.size() && !isOver; i = nextJob.getAndIncrement()) {
                Chunk chunk = free.take();
                chunk.job = jobs.get(i);
                try {
                    chunk.job.part().rows().read(
                            chunk.job.firstRow(), chunk.job.numRows(), chunk.memory.segment(), 0);
                } catch (RuntimeException | Error e) {
                    chunk.failure = e;
                }
                full.add(chunk);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread reader) {
        boolean wasInterrupted = false;
        while (reader.isAlive()) {
            try {
                reader.join();
            } catch (InterruptedException e) {
                wasInterrupted = true;
            }
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        for (Chunk chunk : chunks) {
            chunk.copied.close();
            chunk.memory.close();
        }
    }
}
