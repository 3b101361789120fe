package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultLog;
import io.penstock.emulator.check.LaunchCounters;
import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Footprint;
import io.penstock.emulator.memory.Touched;
import java.util.function.BiConsumer;

/** An entry of a module, decoded; its {@link EmulatedModule} owns it. */
public final class EmulatedKernel {
    private static final int MAX_CLUSTER = 16;

    private final Program program;
    private final AddressSpace space;

    EmulatedKernel(Program program, AddressSpace space) {
        this.program = program;
        this.space = space;
    }

    public String name() {
        return program.entry.name();
    }

    /** Bytes of its parameters, as the CUDA ABI lays them out. */
    public int parameterBytes() {
        return program.parameterBytes;
    }

    /** Bytes of local memory per thread. */
    public int localBytes() {
        return program.localBytes;
    }

    /** Bytes of shared memory that it declares itself. */
    public int staticSharedBytes() {
        return program.staticSharedBytes;
    }

    /** Virtual 32-bit registers per thread. */
    public int numRegisters() {
        return program.numInts() + 2 * program.numLongs();
    }

    /** Threads that a block may have. */
    public int maxThreads() {
        return program.entry.maxThreads() == 0 ? 1024 : program.entry.maxThreads();
    }

    /** The clusters of a grid that run; a block without one is one. */
    private CtaSample sample(LaunchGeometry geometry, int maxCtas) {
        int[] cluster = program.entry.cluster();
        int size = cluster[0] * cluster[1] * cluster[2];
        if (size > MAX_CLUSTER || geometry.gridX() % cluster[0] != 0 || geometry.gridY() % cluster[1] != 0
                || geometry.gridZ() % cluster[2] != 0) {
            throw new IllegalArgumentException(name() + ": a grid of " + geometry.gridX() + "x" + geometry.gridY()
                    + "x" + geometry.gridZ() + " blocks in clusters of " + cluster[0] + "x" + cluster[1] + "x"
                    + cluster[2] + ": they must divide it, and have at most " + MAX_CLUSTER + " blocks");
        }
        long numClusters = (long) geometry.gridX() * geometry.gridY() * geometry.gridZ() / size;
        return new CtaSample(numClusters, Math.ceilDiv(maxCtas, size));
    }

    /**
     * Runs it to its end, or to where it cannot go on. One launch at a time runs in an address space.
     *
     * @param arguments the bytes of its parameters
     * @param seed of the order of warps and blocks
     * @param maxFaults that are reported
     * @param maxCtas blocks that run, spread over the grid if it has more
     */
    public LaunchResult launch(LaunchGeometry geometry, byte[] arguments, long seed, int maxFaults, int maxCtas) {
        return launch(geometry, arguments, seed, maxFaults, new CtaLimits(maxCtas), null, null);
    }

    /**
     * The same.
     *
     * @param ctas blocks that run
     * @param inFront what the launch in front did, if this one may begin before that has ended; else null
     * @param visitor told of the memory that was touched; null for nobody
     */
    public LaunchResult launch(LaunchGeometry geometry, byte[] arguments, long seed, int maxFaults, CtaLimits ctas,
            Footprint inFront, BiConsumer<Allocation, AccessLog> visitor) {
        if (arguments.length < program.parameterBytes) {
            throw new IllegalArgumentException(name() + ": " + arguments.length + " bytes of arguments, "
                    + program.parameterBytes + " are needed");
        }
        FaultLog log = new FaultLog(maxFaults);
        Launch launch = new Launch(program, space, arguments, seed, log, inFront);
        launch.gridX = geometry.gridX();
        launch.gridY = geometry.gridY();
        launch.gridZ = geometry.gridZ();
        launch.blockX = geometry.blockX();
        launch.blockY = geometry.blockY();
        launch.blockZ = geometry.blockZ();
        launch.dynamicSharedBytes = geometry.dynamicSharedBytes();
        launch.run(sample(geometry, ctas.all()), ctas.resident());
        LaunchCounters counters = launch.counters;
        Touched touched = space.forgetAccesses(visitor);
        launch.close();
        counters.uniqueReadBytes = touched.readBytes();
        counters.uniqueWriteBytes = touched.writtenBytes();
        counters.uniqueReadSectors = touched.readSectors();
        counters.uniqueWriteSectors = touched.writtenSectors();
        return new LaunchResult(log.faults(), counters);
    }
}
