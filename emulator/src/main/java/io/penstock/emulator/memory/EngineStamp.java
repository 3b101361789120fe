package io.penstock.emulator.memory;

/**
 * What an engine does, and when.
 *
 * @param stamp of {@link Stamp#ofEngine}
 * @param cta the block whose engine it is
 */
public record EngineStamp(long stamp, int cta) {
    /** @param site index of the instruction that asks for it */
    public static EngineStamp of(int time, int site, int engine, int cta) {
        return new EngineStamp(Stamp.ofEngine(time, site, engine), cta);
    }
}
