package io.penstock.emulator.exec;

/** Blocks of a grid, threads of a block, and bytes of dynamic shared memory of a block. */
public record LaunchGeometry(int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ,
        int dynamicSharedBytes) {
    public LaunchGeometry {
        long numThreads = (long) blockX * blockY * blockZ;
        if (gridX < 1 || gridY < 1 || gridZ < 1 || blockX < 1 || blockY < 1 || blockZ < 1 || numThreads > 1024
                || dynamicSharedBytes < 0 || (long) gridX * gridY * gridZ > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("grid " + gridX + "x" + gridY + "x" + gridZ + ", block " + blockX + "x"
                    + blockY + "x" + blockZ + ", " + dynamicSharedBytes + " B dynamic shared: 1 to 1024 threads a block"
                    + " and 1 to 2147483647 blocks are possible");
        }
    }
}
