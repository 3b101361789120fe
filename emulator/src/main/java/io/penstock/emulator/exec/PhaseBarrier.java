package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Handover;
import java.util.ArrayList;
import java.util.List;

/**
 * An mbarrier: a phase ends when as many arrived as it expects, and as many bytes as were announced. Copies that bring
 * bytes land as late as they may: when somebody asks whether the phase is over, and nothing else is missing.
 */
final class PhaseBarrier {
    /** Who announced bytes last. */
    record Asker(Op op, Warp warp, int lane) {}

    private static final int BITS = 20;
    private static final long FIELD = (1L << BITS) - 1;

    /** The largest number of arrivals, and of bytes that are announced or brought too early. */
    static final int MAX = (1 << BITS) - 1;

    final Cta cta;
    final int offset;
    final int engine;
    final Warp initialiser;
    private final List<Flight> flights = new ArrayList<>();
    private final Handover arriving;
    private final Handover over;
    private int expected;
    private int missing;
    private long missingBytes;
    private long flyingBytes;
    private long phase;
    private boolean isFenced;
    private boolean isReached;
    private Asker asker;

    /** @param engine the number of whatever brings it bytes */
    PhaseBarrier(Cta cta, int offset, int engine, Warp initialiser, int count) {
        this.cta = cta;
        this.offset = offset;
        this.engine = engine;
        this.initialiser = initialiser;
        this.expected = count;
        this.missing = count;
        this.arriving = cta.newHandover();
        this.over = cta.newHandover();
    }

    /** Arrivals that a state waits for. */
    static long numMissing(long state) {
        return state & FIELD;
    }

    static long phase(long state) {
        return state >>> 2 * BITS;
    }

    long state() {
        return phase << 2 * BITS | (long) expected << BITS | missing;
    }

    long phase() {
        return phase;
    }

    int expected() {
        return expected;
    }

    int missing() {
        return missing;
    }

    /** A fence made its initialisation visible to engines. */
    void fence() {
        isFenced = true;
    }

    boolean isFenced() {
        return isFenced;
    }

    Handover arriving() {
        return arriving;
    }

    Handover over() {
        return over;
    }

    /** Takes arrivals away, and from the next phase on as well if they drop out. */
    void arrive(int count, boolean drops) {
        missing = Math.max(0, missing - count);
        isReached = true;
        if (drops) {
            expected = Math.max(0, expected - count);
        }
    }

    /** One more arrival is waited for in this phase. */
    void await() {
        missing++;
    }

    /** Announces bytes; negative if they came. */
    void expectBytes(long numBytes) {
        missingBytes += numBytes;
    }

    void expectedBy(Asker who) {
        asker = who;
    }

    /** Nobody can go on: bytes that were announced, and that nothing brings. */
    void reportStuck() {
        if (missing == 0 && asker != null && missingBytes > flyingBytes) {
            cta.launch.report.at(asker.op(), asker.warp(), asker.lane()).fault(FaultKind.BARRIER_DIVERGENCE,
                    asker.op().source.name() + ": " + (missingBytes - flyingBytes)
                            + " bytes more are announced in phase " + phase + " than copies bring");
        }
    }

    long missingBytes() {
        return missingBytes;
    }

    long flyingBytes() {
        return flyingBytes;
    }

    void add(Flight flight) {
        flights.add(flight);
        flyingBytes += flight.numBytes();
    }

    List<Flight> flights() {
        return flights;
    }

    /** Whether nothing but bytes is missing, and more are under way than were announced. */
    boolean isOverfull() {
        return missing == 0 && flyingBytes > missingBytes;
    }

    /** Ends the phase if nothing is missing, or only bytes that are under way; those land now. */
    void settle(Launch launch) {
        if (missing > 0 || !isReached || flyingBytes < missingBytes || missingBytes < 0) {
            return;
        }
        if (!flights.isEmpty()) {
            int now = launch.tick();
            for (Flight flight : flights) {
                flight.land(now, engine);
            }
            flights.clear();
            arriving.engineDone(cta.rank, engine, now);
        }
        flyingBytes = 0;
        missingBytes = 0;
        missing = expected;
        isReached = false;
        phase++;
        over.join(arriving);
        arriving.clear();
        launch.progressed();
    }

    /** Ends the phase at once if no bytes have to land for that. */
    void settleWithoutBytes(Launch launch) {
        if (flights.isEmpty()) {
            settle(launch);
        }
    }

    String describe(Program program, int dynamicBytes) {
        return "mbarrier at " + SharedNames.nearest(program, offset, dynamicBytes) + ": phase " + phase + ", "
                + missing + " of " + expected + " arrivals missing"
                + (missingBytes == 0 && flyingBytes == 0 ? ""
                        : ", " + missingBytes + " bytes expected, " + flyingBytes + " of them under way");
    }
}
