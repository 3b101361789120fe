package io.penstock.emulator.exec;

import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.FaultLog;
import io.penstock.emulator.check.LaunchCounters;
import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;
import io.penstock.emulator.memory.Footprint;
import io.penstock.emulator.memory.Publications;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** One launch of an entry: its blocks, in an order that a seed gives. */
final class Launch {
    static final int NUM_MULTIPROCESSORS = 108;
    private static final int GRID_WORKSPACE_BYTES = 16;
    private static final int MAX_TURN = 512;
    private static final int RESIDENT = 16;
    private static final long PATIENCE_SPINS = 2_000;
    private static final int BUSY_INSTRUCTIONS = 4_000;
    private static final long PATIENCE_BEFORE_OTHERS = 2_000;
    private static final long PATIENCE_INSTRUCTIONS = 60_000_000;

    final Program program;
    final AddressSpace space;
    final LaunchCounters counters = new LaunchCounters();
    final Report report;
    final Publications publications = new Publications();
    final Memory memory;
    final Suspects suspects = new Suspects();
    final Allocation parameters;
    final int startTime = 1;
    /** What the launch in front did, if this one may begin before that has ended; else null. */
    final Footprint inFront;
    final long seed;
    int gridX;
    int gridY;
    int gridZ;
    int blockX;
    int blockY;
    int blockZ;
    int dynamicSharedBytes;
    final int[] clusterSize;
    private final SplittableRandom random;
    private final Interpreter interpreter;
    private int time = startTime + 1;
    private long numClockReads;
    private Allocation gridWorkspace;
    private long spins;
    private long idleInstructions;

    Launch(Program program, AddressSpace space, byte[] arguments, long seed, FaultLog log, Footprint inFront) {
        this.inFront = inFront;
        this.program = program;
        this.space = space;
        this.clusterSize = program.entry.cluster();
        this.report = new Report(log);
        this.seed = seed & Long.MAX_VALUE;
        this.random = new SplittableRandom(seed);
        this.parameters = new Allocation("parameters of " + program.entry.name(), AddressSpace.PARAM_WINDOW,
                Math.max(program.parameterBytes, arguments.length));
        System.arraycopy(arguments, 0, parameters.data(), 0, arguments.length);
        parameters.fillStates(0, arguments.length, Allocation.WRITTEN);
        this.memory = new Memory(this);
        this.interpreter = new Interpreter(program.code, counters, report);
    }

    /** The next moment of synchronisation. */
    int tick() {
        return time++;
    }

    /** Where blocks of a cooperative launch meet, as the driver lays it out: its size, and a barrier. */
    long gridWorkspace() {
        if (gridWorkspace == null) {
            gridWorkspace = space.allocate("grid workspace of " + program.entry.name(), GRID_WORKSPACE_BYTES);
            gridWorkspace.fillStates(0, GRID_WORKSPACE_BYTES, Allocation.WRITTEN);
            Bytes.writeInt(gridWorkspace.data(), 0, GRID_WORKSPACE_BYTES);
        }
        return gridWorkspace.address();
    }

    /** Gives back what it needed beside the launch's own memory. */
    void close() {
        if (gridWorkspace != null) {
            space.free(gridWorkspace);
        }
    }

    /** Never the same twice. */
    long clock() {
        return counters.warpInstructions * 4 + numClockReads++ * 8 + 1000;
    }

    void progressed() {
        spins = 0;
        idleInstructions = 0;
    }

    /** A warp came back to where it waits for a change. */
    void spun(Warp warp) {
        warp.sinceSpin = 0;
        spins++;
    }

    private int clusterCtas() {
        return clusterSize[0] * clusterSize[1] * clusterSize[2];
    }

    /** Begins the blocks of a cluster, given its index among those of the grid. */
    private void start(int clusterIndex, ArrayDeque<Cta> free, List<Cta> resident) {
        Cta[] ctas = new Cta[clusterCtas()];
        int perRow = gridX / clusterSize[0];
        int perLayer = gridY / clusterSize[1];
        for (int rank = 0; rank < ctas.length; rank++) {
            int x = clusterIndex % perRow * clusterSize[0] + rank % clusterSize[0];
            int y = clusterIndex / perRow % perLayer * clusterSize[1] + rank / clusterSize[0] % clusterSize[1];
            int z = clusterIndex / perRow / perLayer * clusterSize[2] + rank / clusterSize[0] / clusterSize[1];
            ctas[rank] = free.isEmpty() ? new Cta(this, program) : free.poll();
            ctas[rank].rank = rank;
            ctas[rank].index = x + gridX * (y + gridY * z);
        }
        Cluster cluster = new Cluster(ctas);
        for (Cta cta : ctas) {
            cta.start(cluster, program);
            resident.add(cta);
        }
    }

    /**
     * Runs the blocks.
     *
     * @param sample of the grid's clusters; a block without one is one
     * @param maxResident blocks at the same time
     */
    void run(CtaSample sample, int maxResident) {
        int numClusters = sample.numCtas();
        int size = clusterCtas();
        counters.gridCtas = sample.gridCtas() * size;
        List<Cta> resident = new ArrayList<>();
        ArrayDeque<Cta> free = new ArrayDeque<>();
        int next = 0;
        int limit = program.communicates ? Math.min(RESIDENT, maxResident) : 1;
        try {
            while (next < numClusters || !resident.isEmpty()) {
                while (next < numClusters && resident.size() + size <= Math.max(limit, size)) {
                    start(sample.index(next++), free, resident);
                }
                Cta cta = resident.get(resident.size() == 1 ? 0 : random.nextInt(resident.size()));
                boolean ran = turn(cta);
                if (cta.isDone()) {
                    finish(cta);
                    resident.remove(cta);
                    cta.cluster.reuse(free);
                } else if (!ran && !anyRuns(resident)) {
                    if (!unblock(resident)) {
                        cta.reportStuck("no thread of the block can go on");
                        break;
                    }
                } else if (program.communicates && next < numClusters && limit < maxResident
                        && (spins > PATIENCE_BEFORE_OTHERS * limit || isHopeless(resident))) {
                    limit *= 2;
                    progressed();
                } else if (isHopeless(resident)) {
                    cta.reportStuck("the threads that run spin, and nothing changes");
                    break;
                }
            }
        } catch (AbortedException e) {
            // What is wrong is in the log.
        }
        for (Fault fault : suspects.faults()) {
            report.log.add(fault);
        }
    }

    /** Whether all that run have long done nothing but look whether something changed. */
    private boolean isHopeless(List<Cta> resident) {
        if (spins > PATIENCE_SPINS) {
            long numWarps = 0;
            for (Cta cta : resident) {
                for (Warp warp : cta.warps) {
                    numWarps += warp.live == 0 ? 0 : 1;
                }
            }
            if (spins > PATIENCE_SPINS * numWarps) {
                return true;
            }
        }
        return idleInstructions > PATIENCE_INSTRUCTIONS;
    }

    private boolean anyRuns(List<Cta> resident) {
        for (Cta cta : resident) {
            if (turn(cta) || cta.isDone()) {
                return true;
            }
        }
        return false;
    }

    private static boolean unblock(List<Cta> resident) {
        for (Cta cta : resident) {
            if (cta.force()) {
                return true;
            }
        }
        return false;
    }

    private void finish(Cta cta) {
        long numInstructions = 0;
        for (Warp warp : cta.warps) {
            numInstructions += warp.numInstructions;
        }
        counters.cta(numInstructions);
        counters.threadInstructions += numInstructions;
    }

    /** Lets each warp of a block run a while, beginning anywhere; whether one could. */
    private boolean turn(Cta cta) {
        boolean ran = false;
        int numWarps = cta.warps.length;
        int first = random.nextInt(numWarps);
        int step = random.nextBoolean() ? 1 : numWarps - 1;
        int at = first;
        for (int i = 0; i < numWarps; i++) {
            Warp warp = cta.warps[at];
            at += step;
            at = at >= numWarps ? at - numWarps : at;
            if (warp.live != 0) {
                int budget = 1 + random.nextInt(MAX_TURN);
                int used = interpreter.run(warp, budget);
                idleInstructions += used;
                ran |= used > 0;
                warp.sinceSpin += used;
                if (warp.sinceSpin > BUSY_INSTRUCTIONS) {
                    // It works rather than waits: the others' patience begins anew.
                    warp.sinceSpin = 0;
                    spins = 0;
                }
            }
        }
        return ran;
    }
}
