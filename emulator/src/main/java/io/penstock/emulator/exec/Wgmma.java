package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;
import io.penstock.emulator.memory.EngineStamp;
import io.penstock.emulator.memory.SeenWrites;
import io.penstock.emulator.ptx.PtxType;
import java.util.Arrays;

/**
 * wgmma.mma_async: D = A B + D of a warpgroup, 64 rows by {@code n} columns by 16 of k. Each warp computes its 16 rows
 * when it issues the instruction, and has them when it has waited. Products are exact and summed in float32 in the
 * order of k, by {@link MatrixRows}.
 */
final class Wgmma extends TogetherAll {
    private static final int K = 16;
    private static final int PIECE_BYTES = 16;
    private static final int PER_PIECE = 8;

    /** What beside registers: signs, and which operands are transposed. */
    record Options(boolean negatesA, boolean negatesB, boolean isTransposedA, boolean isTransposedB) {}

    private final int n;
    private final PtxType type;
    private final PtxType resultType;
    private final Options options;
    private Slot[] ds;
    private Slot[] as;
    private Slot aDescriptor;
    private Slot bDescriptor;
    private Slot adds;
    private boolean addsIsNegated;

    Wgmma(int n, PtxType type, PtxType resultType, Options options) {
        this.n = n;
        this.type = type;
        this.resultType = resultType;
        this.options = options;
    }

    /** @param a four registers, or one descriptor */
    void registers(Slot[] d, Slot[] a, Slot b) {
        ds = d;
        as = a.length == 1 ? new Slot[0] : a;
        aDescriptor = a.length == 1 ? a[0] : null;
        bDescriptor = b;
    }

    /** @param predicate whether D is added; null if it always is */
    void adds(Slot predicate, boolean isNegated) {
        adds = predicate;
        addsIsNegated = isNegated;
    }

    boolean isHalf() {
        return resultType == PtxType.F16;
    }

    boolean fits() {
        return ds.length == (isHalf() ? n / 4 : n / 2) && (as.length == 0 || as.length == 4);
    }

    Slot[] held() {
        Slot[] all = Arrays.copyOf(ds, ds.length + as.length);
        System.arraycopy(as, 0, all, ds.length, as.length);
        return all;
    }

    @Override
    void together(Warp warp, int mask) {
        Launch launch = warp.cta.launch;
        WarpGroup group = WarpGroup.of(warp, this);
        if (mask != -1) {
            launch.report.at(this, warp, 0).fault(FaultKind.BARRIER_DIVERGENCE, source.name()
                    + " in a warp of which lanes have ended");
        }
        MatrixQueue queue = warp.matrix;
        queue.requireFence(this, ds);
        queue.requireFence(this, as);
        int now = launch.tick();
        long number = group.issue(this, warp, now);
        EngineStamp stamp = EngineStamp.of(now, index, group.engine, warp.cta.index);
        boolean isAdding = isAdding(warp);
        queue.holdInputs(this, as);
        Scratch scratch = SCRATCH.get();
        WarpGroup.Tile b = group.tile(number);
        long descriptor = warp.longs[bDescriptor.at()];
        if (!b.isOf(number, descriptor) || !b.seen.areKnown(warp.agent, 0)) {
            b.begin(number, descriptor, K * n, n);
            right(new Reader(warp, stamp, b.values, b.open, b.seen), descriptor);
        }
        if (as.length == 0) {
            left(warp, stamp, scratch);
        } else {
            fragments(warp, scratch);
        }
        Accumulator sums = queue.accumulator(this, ds, isAdding);
        MatrixRows.add(scratch.a, b.values, sums.sums, n, K);
        sums.round();
        for (int row = 0; row < Accumulator.ROWS; row++) {
            if (scratch.open[row]) {
                sums.openRow(row);
            }
        }
        for (int column = 0; column < n; column++) {
            if (b.open[column]) {
                sums.openColumn(column);
            }
        }
        launch.counters.wgmma(n, 2L * Accumulator.ROWS * n * K, warp.index % WarpGroup.NUM_WARPS == 0);
    }

    private boolean isAdding(Warp warp) {
        if (adds == null) {
            return true;
        }
        if (warp.undefined[adds.id()] != 0) {
            warp.cta.launch.report.at(this, warp, 0).fault(FaultKind.UNINITIALISED, source.name()
                    + " with a predicate that nobody wrote");
            warp.setDefined(adds.id(), -1);
        }
        return ((warp.predicates[adds.at()] & 1) != 0) != addsIsNegated;
    }

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /** Room for a warp's rows of A. */
    private static final class Scratch {
        private final float[] a = new float[Accumulator.ROWS * K];
        private final boolean[] open = new boolean[Accumulator.ROWS];
        private final SeenWrites seen = new SeenWrites();
    }

    private float value(int bits, boolean isNegated) {
        float value = type == PtxType.BF16 ? Float.intBitsToFloat(bits << 16) : Float.float16ToFloat((short) bits);
        return isNegated ? -value : value;
    }

    private void fragments(Warp warp, Scratch scratch) {
        Arrays.fill(scratch.open, false);
        for (int i = 0; i < as.length; i++) {
            int undefined = warp.undefined[as[i].id()];
            for (int lane = 0; lane < 32; lane++) {
                int bits = warp.ints[as[i].at() + lane];
                int row = (lane >> 2) + (i & 1) * 8;
                int at = row * K + (i >> 1) * 8 + (lane & 3) * 2;
                scratch.a[at] = value(bits & 0xFFFF, options.negatesA());
                scratch.a[at + 1] = value(bits >>> 16, options.negatesA());
                scratch.open[row] |= (undefined >>> lane & 1) != 0;
            }
        }
    }

    private void left(Warp warp, EngineStamp stamp, Scratch scratch) {
        SharedTile tile = SharedTile.of(warp.longs[aDescriptor.at()]);
        Arrays.fill(scratch.open, false);
        scratch.seen.clear();
        Reader reader = new Reader(warp, stamp, scratch.a, scratch.open, scratch.seen);
        int first = warp.index % WarpGroup.NUM_WARPS * Accumulator.ROWS;
        if (!options.isTransposedA()) {
            for (int row = 0; row < Accumulator.ROWS; row++) {
                for (int piece = 0; piece < K / PER_PIECE; piece++) {
                    reader.read(tile.alongK(first + row, piece), row * K + piece * PER_PIECE, 1, row, 0,
                            options.negatesA());
                }
            }
            return;
        }
        for (int k = 0; k < K; k++) {
            for (int piece = 0; piece < Accumulator.ROWS / PER_PIECE; piece++) {
                reader.read(tile.acrossK(first / PER_PIECE + piece, k), piece * PER_PIECE * K + k, K,
                        piece * PER_PIECE, 1, options.negatesA());
            }
        }
    }

    private void right(Reader reader, long descriptor) {
        SharedTile tile = SharedTile.of(descriptor);
        if (!options.isTransposedB()) {
            for (int column = 0; column < n; column++) {
                for (int piece = 0; piece < K / PER_PIECE; piece++) {
                    reader.read(tile.alongK(column, piece), piece * PER_PIECE * n + column, n, column, 0,
                            options.negatesB());
                }
            }
            return;
        }
        for (int k = 0; k < K; k++) {
            for (int piece = 0; piece < n / PER_PIECE; piece++) {
                reader.read(tile.acrossK(piece, k), k * n + piece * PER_PIECE, 1, piece * PER_PIECE, 1,
                        options.negatesB());
            }
        }
    }

    /** Brings pieces of shared memory into a matrix of floats. */
    private final class Reader {
        private final Warp warp;
        private final EngineStamp stamp;
        private final float[] to;
        private final boolean[] open;
        private final SeenWrites seen;
        private final Allocation shared;

        Reader(Warp warp, EngineStamp stamp, float[] to, boolean[] open, SeenWrites seen) {
            this.warp = warp;
            this.stamp = stamp;
            this.to = to;
            this.open = open;
            this.seen = seen;
            this.shared = warp.cta.shared;
        }

        /**
         * Reads eight elements.
         *
         * @param at index of the first, and {@code step} that of the next
         * @param line row or column of the first, and {@code lineStep} that of the next
         */
        void read(int offset, int at, int step, int line, int lineStep, boolean isNegated) {
            Memory memory = warp.cta.launch.memory;
            var piece = new BulkStores.Span(shared, offset, PIECE_BYTES);
            if (!memory.readByEngine(Wgmma.this, warp, piece, stamp, seen)) {
                return;
            }
            byte[] data = shared.data();
            put(Bytes.readLong(data, offset), at, step, isNegated);
            put(Bytes.readLong(data, offset + 8), at + 4 * step, step, isNegated);
            if (!shared.isWritten(offset, PIECE_BYTES)) {
                for (int i = 0; i < PER_PIECE; i++) {
                    open[line + i * lineStep] |= !shared.isWritten(offset + 2 * i, 2);
                }
            }
        }

        private void put(long four, int at, int step, boolean isNegated) {
            if (type == PtxType.BF16) {
                long signs = isNegated ? 0x8000_8000_8000_8000L : 0;
                long bits = four ^ signs;
                to[at] = Float.intBitsToFloat((int) bits << 16);
                to[at + step] = Float.intBitsToFloat((int) bits & 0xFFFF_0000);
                to[at + 2 * step] = Float.intBitsToFloat((int) (bits >>> 32) << 16);
                to[at + 3 * step] = Float.intBitsToFloat((int) (bits >>> 32) & 0xFFFF_0000);
                return;
            }
            for (int i = 0; i < 4; i++) {
                to[at + i * step] = value((int) (four >>> 16 * i) & 0xFFFF, isNegated);
            }
        }
    }
}
