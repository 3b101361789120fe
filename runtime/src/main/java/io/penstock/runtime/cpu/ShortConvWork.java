package io.penstock.runtime.cpu;

import io.penstock.runtime.ForwardBatch;

/**
 * The gated short convolution, cut by channels: a channel's history belongs to one item, so states are read and
 * written without another item in between.
 */
final class ShortConvWork implements WorkerPool.Work {
    /** Channels of an item. */
    private static final int ITEM_CHANNELS = 64;

    /** Up to so many tokens are less work than handing out items. */
    private static final int MAX_ALONE_TOKENS = 16;

    private final WorkerPool pool;
    private final RowKernel kernel;
    private final boolean isRounding;
    private final CpuMemory memory;
    private final int hidden;
    private final int taps;
    private final float[][] windows;
    private ForwardBatch batch;
    private CpuTensor bcx;
    private CpuTensor out;
    private float[] weights;
    private float[] states;
    private float[] snapshots;

    ShortConvWork(WorkerPool pool, CpuKernels kernels, Arithmetic arithmetic, CpuMemory memory, int hidden, int taps) {
        this.pool = pool;
        kernel = kernels.row();
        isRounding = arithmetic == Arithmetic.BFLOAT16;
        this.memory = memory;
        this.hidden = hidden;
        this.taps = taps;
        windows = new float[pool.numWorkers()][taps * ITEM_CHANNELS];
    }

    void run(CpuTensor out, CpuTensor bcx, CpuVector conv, int convLayer, ForwardBatch batch) {
        this.out = out;
        this.bcx = bcx;
        this.batch = batch;
        weights = conv.values();
        states = memory.convStates(convLayer);
        snapshots = memory.snapshots(convLayer);
        int numItems = (hidden + ITEM_CHANNELS - 1) / ITEM_CHANNELS;
        if (batch.numTokens() <= MAX_ALONE_TOKENS) {
            pool.runAlone(this, numItems);
        } else {
            pool.run(this, numItems);
        }
    }

    @Override
    public void run(int item, int worker) {
        int channel = item * ITEM_CHANNELS;
        int n = Math.min(ITEM_CHANNELS, hidden - channel);
        int nextSnapshot = 0;
        float[] window = windows[worker];
        for (int s = 0; s < batch.numSeqs(); s++) {
            int first = batch.firstToken(s);
            loadHistory(window, s, batch.position(first), channel, n);
            for (int t = first; t < batch.firstToken(s + 1); t++) {
                token(window, t, channel, n);
                while (nextSnapshot < batch.numSnapshots() && batch.snapshotToken(nextSnapshot) == t) {
                    storeHistory(window, snapshots, batch.snapshotSlot(nextSnapshot++), channel, n);
                }
            }
            storeHistory(window, states, batch.convSlot(s), channel, n);
        }
    }

    /** The window's columns, oldest first; a token's own column comes last, after {@code taps - 1} of history. */
    private void loadHistory(float[] window, int seq, int position, int channel, int n) {
        boolean fromSnapshot = batch.initialSnapshot(seq) != ForwardBatch.NO_SNAPSHOT;
        float[] source = fromSnapshot ? snapshots : states;
        int from = memory.state(fromSnapshot ? batch.initialSnapshot(seq) : batch.convSlot(seq));
        for (int i = 1; i < taps; i++) {
            for (int c = 0; c < n; c++) {
                window[i * ITEM_CHANNELS + c] = position == 0 ? 0 : source[from + (i - 1) * hidden + channel + c];
            }
        }
    }

    private void token(float[] window, int token, int channel, int n) {
        System.arraycopy(window, ITEM_CHANNELS, window, 0, (taps - 1) * ITEM_CHANNELS);
        float[] in = bcx.values();
        int b = token * 3 * hidden + channel;
        int newest = (taps - 1) * ITEM_CHANNELS;
        kernel.multiply(window, newest, in, b, in, b + 2 * hidden, n);
        if (isRounding) {
            kernel.roundBf16(window, newest, n);
        }
        float[] y = out.values();
        int at = token * hidden + channel;
        kernel.convolve(y, at, weights, channel, hidden, window, ITEM_CHANNELS, taps, n);
        if (isRounding) {
            kernel.roundBf16(y, at, n);
        }
        kernel.multiply(y, at, in, b + hidden, y, at, n);
        if (isRounding) {
            kernel.roundBf16(y, at, n);
        }
    }

    private void storeHistory(float[] window, float[] target, int slot, int channel, int n) {
        int to = memory.state(slot) + channel;
        for (int i = 1; i < taps; i++) {
            System.arraycopy(window, i * ITEM_CHANNELS, target, to + (i - 1) * hidden, n);
        }
    }
}
