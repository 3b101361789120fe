package io.penstock.device;

/**
 * How many blocks of how many threads a launch has. A launcher keeps one: the block is chosen once, the grid is
 * rewritten with the batch, and a launch allocates nothing. One thread at a time uses it.
 */
public final class LaunchShape {
    private static final int MAX_BLOCK_THREADS = 1024;
    private static final int MAX_GRID_YZ = 65_535;

    private final int blockX;
    private final int blockY;
    private final int blockZ;
    private int dynamicSharedBytes;
    private int gridX = 1;
    private int gridY = 1;
    private int gridZ = 1;

    /** A grid of one block, without dynamic shared memory. */
    public LaunchShape(int blockX, int blockY, int blockZ) {
        if (blockX < 1 || blockY < 1 || blockZ < 1 || (long) blockX * blockY * blockZ > MAX_BLOCK_THREADS) {
            throw new IllegalArgumentException("block of " + blockX + " x " + blockY + " x " + blockZ + " threads: "
                    + "1 to " + MAX_BLOCK_THREADS + " are possible");
        }
        this.blockX = blockX;
        this.blockY = blockY;
        this.blockZ = blockZ;
    }

    /** A grid of one block of so many threads in a row. */
    public static LaunchShape ofThreads(int blockX) {
        return new LaunchShape(blockX, 1, 1);
    }

    /** Sets the number of blocks. */
    public LaunchShape grid(int x, int y, int z) {
        if (x < 1 || y < 1 || z < 1 || y > MAX_GRID_YZ || z > MAX_GRID_YZ) {
            throw new IllegalArgumentException("grid of " + x + " x " + y + " x " + z + " blocks: 1 to 2147483647 x "
                    + MAX_GRID_YZ + " x " + MAX_GRID_YZ + " are possible");
        }
        gridX = x;
        gridY = y;
        gridZ = z;
        return this;
    }

    /** Sets the bytes of shared memory per block on top of those that the kernel declares. */
    public LaunchShape dynamicShared(int sizeBytes) {
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("dynamic shared memory of " + sizeBytes + " bytes");
        }
        dynamicSharedBytes = sizeBytes;
        return this;
    }

    public int gridX() {
        return gridX;
    }

    public int gridY() {
        return gridY;
    }

    public int gridZ() {
        return gridZ;
    }

    public int blockX() {
        return blockX;
    }

    public int blockY() {
        return blockY;
    }

    public int blockZ() {
        return blockZ;
    }

    public int dynamicSharedBytes() {
        return dynamicSharedBytes;
    }

    @Override
    public String toString() {
        return "grid " + gridX + "x" + gridY + "x" + gridZ + ", block " + blockX + "x" + blockY + "x" + blockZ + ", "
                + dynamicSharedBytes + " B dynamic shared";
    }
}
