package io.penstock.emulator.exec;

/**
 * How many thread blocks of a launch run.
 *
 * @param all of a larger grid so many run, spread over it
 * @param resident so many at the same time, where they talk to each other: one that waits for a block which has not
 *     begun waits in vain
 */
public record CtaLimits(int all, int resident) {
    /** As many at the same time as the largest device holds. */
    public static final int MOST_RESIDENT = 2048;

    public CtaLimits {
        if (all < 1 || resident < 1) {
            throw new IllegalArgumentException(all + " blocks, " + resident + " at the same time");
        }
    }

    /** Of a grid at most so many, and as many at the same time as they need. */
    public CtaLimits(int all) {
        this(all, MOST_RESIDENT);
    }
}
