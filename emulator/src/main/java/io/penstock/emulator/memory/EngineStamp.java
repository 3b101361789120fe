package io.penstock.emulator.memory;

/**
 * What an engine does, and when.
 *
 * @param stamp as {@link Stamp} has it
 * @param cta the block whose engine it is
 */
public record EngineStamp(long stamp, int cta) {
    /** @param site index of the instruction that asks for it */
    public static EngineStamp of(int time, int site, int engine, int cta) {
        return new EngineStamp(Stamp.ofEngine(time, site, engine, false), cta);
    }

    /** The same, of what happens at once for everybody who does the like. */
    public EngineStamp atomically() {
        return new EngineStamp(Stamp.asStrong(stamp), cta);
    }
}
