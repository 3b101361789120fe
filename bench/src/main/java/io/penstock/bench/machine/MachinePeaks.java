package io.penstock.bench.machine;

import io.penstock.bench.Statistics;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Measures memory read bandwidth and fp32 peak as this JVM can reach them, so that a benchmark can be given as a ratio
 * to what the machine had to offer in the same minute. Holds its threads, idle between samples, and its off-heap
 * buffer until closed. Used by one thread at a time.
 *
 * <p>In a run all threads start together and work until the run's time is over; its rate is what all did over the time
 * from the first start to the last end. Reading cycles over a slice for each thread, and every sum is checked.
 */
public final class MachinePeaks implements AutoCloseable {
    static final int CHUNK_BYTES = 1 << 20;

    private static final long SLICE_ALIGNMENT_BYTES = 2L << 20;
    private static final long WORD_SPREAD = 0x9E3779B97F4A7C15L;
    private static final int FMA_STEPS = 1 << 14;
    private static final double GROWTH = 1.05;
    private static final int MAX_WARM_UPS = 60;
    private static final int MAX_COMPILED_PIECE_BYTES = 1024;
    private static final double NS_PER_SECOND = 1e9;

    private final PeakOptions options;
    private final PeakKernels kernels;
    private final Arena arena = Arena.ofShared();
    private final ExecutorService threads;
    private final CyclicBarrier start;
    private final Slice[] slices;

    private MachinePeaks(PeakOptions options, PeakKernels kernels) {
        this.options = options;
        this.kernels = kernels;
        threads = Executors.newFixedThreadPool(options.numThreads(),
                Thread.ofPlatform().daemon().name("penstock-peaks-", 0).factory());
        start = new CyclicBarrier(options.numThreads());
        slices = new Slice[options.numThreads()];
    }

    /** Allocates, fills and warms up: takes at least {@code 2 x warmUpNs} and the time to fill the buffer. */
    public static MachinePeaks open(PeakOptions options) {
        return open(options, PeakKernels.select());
    }

    static MachinePeaks open(PeakOptions options, PeakKernels kernels) {
        MachinePeaks peaks = new MachinePeaks(options, kernels);
        try {
            peaks.allocate();
            peaks.warmUp(peaks::read);
            peaks.warmUp(peaks::fma);
            return peaks;
        } catch (RuntimeException | Error e) {
            peaks.close();
            throw e;
        }
    }

    /** Takes about {@code 2 x (numRuns + 1) x runNs}; the first run of each peak is not counted. */
    public PeakSample measure() {
        Rate[] reads = rates(this::read);
        Rate[] fmas = rates(this::fma);
        boolean compiled = Stream.of(reads, fmas).flatMap(Arrays::stream).allMatch(Rate::compiled);
        return new PeakSample(options.numThreads(), kernels.name(), compiled, Rate.perSecond(reads),
                Rate.perSecond(fmas));
    }

    /** Samples the peaks, runs {@code measured} on the calling thread with the peak threads idle, samples again. */
    public <T> PeakBracket<T> measureAround(Supplier<T> measured) {
        PeakSample before = measure();
        T value = measured.get();
        return new PeakBracket<>(before, value, measure());
    }

    @Override
    public void close() {
        threads.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private void allocate() {
        long chunksPerSlice = options.bufferBytes() / CHUNK_BYTES / options.numThreads();
        // Each thread touches its slice first: on a machine with several memory nodes the slices spread over them.
        onAllThreads(threadIndex -> slices[threadIndex] =
                Slice.allocate(arena, threadIndex, Math.toIntExact(chunksPerSlice)));
    }

    private long read(int threadIndex) {
        Slice slice = slices[threadIndex];
        int chunk = slice.nextChunk;
        slice.nextChunk = chunk + 1 == slice.chunkSums.length ? 0 : chunk + 1;
        long sum = kernels.sum(slice.words, (long) chunk * CHUNK_BYTES, CHUNK_BYTES);
        if (sum != slice.chunkSums[chunk]) {
            throw new IllegalStateException("chunk " + chunk + " of thread " + threadIndex + " sums to " + sum
                    + " instead of " + slice.chunkSums[chunk] + ": memory or compiler is faulty");
        }
        return CHUNK_BYTES;
    }

    private long fma(int threadIndex) {
        float mean = kernels.fma(FMA_STEPS);
        if (mean != PeakKernels.fmaMean(FMA_STEPS)) {
            throw new IllegalStateException("accumulators of thread " + threadIndex + " have mean " + mean
                    + " instead of " + PeakKernels.fmaMean(FMA_STEPS) + ": the compiler is faulty");
        }
        return FMA_STEPS * kernels.flopsPerStep();
    }

    /**
     * On a busy machine compiled code comes late: warm is a rate that has stopped growing for a while. Vector code that
     * is not compiled yet gives itself away sooner, since it allocates its vectors.
     */
    private void warmUp(Piece piece) {
        long startNs = System.nanoTime();
        long grewNs = startNs;
        double best = 0;
        long nowNs;
        do {
            Rate rate = rate(piece);
            nowNs = System.nanoTime();
            if (rate.perSecond > best * GROWTH || !rate.compiled) {
                best = Math.max(best, rate.perSecond);
                grewNs = nowNs;
            }
        } while (nowNs - grewNs < options.warmUpNs() && nowNs - startNs < MAX_WARM_UPS * options.warmUpNs());
    }

    private Rate[] rates(Piece piece) {
        rate(piece);
        Rate[] rates = new Rate[options.numRuns()];
        Arrays.setAll(rates, run -> rate(piece));
        return rates;
    }

    private Rate rate(Piece piece) {
        List<Span> spans = onAllThreads(threadIndex -> {
            start.await();
            long startBytes = AllocationMeter.allocatedBytes();
            long startNs = System.nanoTime();
            long endNs;
            long work = 0;
            long numPieces = 0;
            do {
                work += piece.run(threadIndex);
                numPieces++;
                endNs = System.nanoTime();
            } while (endNs - startNs < options.runNs());
            long pieceBytes = (AllocationMeter.allocatedBytes() - startBytes) / numPieces;
            return new Span(startNs, endNs, work, pieceBytes <= MAX_COMPILED_PIECE_BYTES);
        });
        long firstStartNs = spans.getFirst().startNs;
        long lastEndNs = spans.getFirst().endNs;
        double work = 0;
        boolean compiled = true;
        for (Span span : spans) {
            firstStartNs = span.startNs - firstStartNs < 0 ? span.startNs : firstStartNs;
            lastEndNs = span.endNs - lastEndNs > 0 ? span.endNs : lastEndNs;
            work += span.work;
            compiled &= span.compiled;
        }
        return new Rate(work * NS_PER_SECOND / (lastEndNs - firstStartNs), compiled);
    }

    private <T> List<T> onAllThreads(ThreadTask<T> task) {
        List<Callable<T>> calls = new ArrayList<>();
        for (int t = 0; t < options.numThreads(); t++) {
            int threadIndex = t;
            calls.add(() -> task.run(threadIndex));
        }
        try {
            List<T> values = new ArrayList<>();
            for (Future<T> future : threads.invokeAll(calls)) {
                values.add(future.get());
            }
            return values;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring the machine's peaks", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("a peak thread failed: " + e.getCause().getMessage(), e.getCause());
        }
    }

    /** One short piece of work, uninterrupted by clock reads; returns how much it did. */
    private interface Piece {
        long run(int threadIndex);
    }

    private interface ThreadTask<T> {
        T run(int threadIndex) throws InterruptedException, BrokenBarrierException;
    }

    private record Span(long startNs, long endNs, long work, boolean compiled) {
    }

    private record Rate(double perSecond, boolean compiled) {
        static Statistics perSecond(Rate[] rates) {
            return Statistics.of(Arrays.stream(rates).mapToDouble(Rate::perSecond).toArray());
        }
    }

    /** One thread's part of the buffer. The place goes on from run to run: short runs must not reread cached chunks. */
    private static final class Slice {
        final MemorySegment words;
        final long[] chunkSums;
        int nextChunk;

        private Slice(MemorySegment words, long[] chunkSums) {
            this.words = words;
            this.chunkSums = chunkSums;
        }

        static Slice allocate(Arena arena, int threadIndex, int numChunks) {
            MemorySegment words = arena.allocate((long) numChunks * CHUNK_BYTES, SLICE_ALIGNMENT_BYTES);
            long[] chunkSums = new long[numChunks];
            long firstWord = 1 + (long) threadIndex * words.byteSize();
            // No two pages alike, else the host may keep one copy for all and the cache serves them.
            for (int chunk = 0; chunk < numChunks; chunk++) {
                long offset = (long) chunk * CHUNK_BYTES;
                for (long at = offset; at < offset + CHUNK_BYTES; at += Long.BYTES) {
                    long word = (at + firstWord) * WORD_SPREAD;
                    words.set(ValueLayout.JAVA_LONG, at, word);
                    chunkSums[chunk] += word;
                }
            }
            return new Slice(words, chunkSums);
        }
    }
}
