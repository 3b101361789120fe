package io.penstock.emulator.exec;

/**
 * The blocks of a grid that run: all, or some that are spread over it. The grid is cut into as many runs of blocks as
 * shall run, and one of each is taken, at another place each time: a fixed stride could meet one column of a grid only.
 */
record CtaSample(long gridCtas, int numCtas) {
    /** The fraction of the golden ratio: its multiples fall evenly between 0 and 1. */
    private static final double STEP = 0.618_033_988_749_894_9;

    CtaSample(long gridCtas, int numCtas) {
        this.gridCtas = gridCtas;
        this.numCtas = (int) Math.min(gridCtas, numCtas);
    }

    /** The index in the grid of the i-th block that runs. */
    int index(int i) {
        long start = gridCtas * i / numCtas;
        long length = gridCtas * (i + 1) / numCtas - start;
        double place = i * STEP;
        return (int) (start + (long) ((place - Math.floor(place)) * length));
    }
}
