package io.penstock.emulator.memory;

import java.util.Arrays;

/**
 * How far a stream has come, and how far it knows others to have come, whose work it waited for: a vector clock. Work
 * of another stream is before a moment if it is known then; what is neither before nor behind runs at the same time.
 */
public final class Moment {
    private final int stream;
    private int[] known;

    /**
     * The beginning of a stream, which knows nothing.
     *
     * @param stream its number among the device's
     */
    public Moment(int stream) {
        this.stream = stream;
        known = new int[stream + 1];
    }

    /** Of whom it is. */
    public int stream() {
        return stream;
    }

    /** Works of this stream so far. */
    public int time() {
        return known[stream];
    }

    /** The next work begins. */
    public void advance() {
        known[stream]++;
    }

    /** Whether a work of a stream is done before. */
    public boolean follows(int other, int time) {
        return other < known.length && known[other] >= time;
    }

    /** What is known at another moment is known from here on. */
    public void join(int[] others) {
        if (others.length > known.length) {
            known = Arrays.copyOf(known, others.length);
        }
        for (int i = 0; i < others.length; i++) {
            known[i] = Math.max(known[i], others[i]);
        }
    }

    /** What is known, for {@link #join}. */
    public int[] known() {
        return known.clone();
    }
}
