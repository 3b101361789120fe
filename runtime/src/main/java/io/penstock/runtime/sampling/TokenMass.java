package io.penstock.runtime.sampling;

/**
 * A token's share of probability as an integer, so that a sum of shares has no order: exp(value / temperature) is
 * {@code mantissa 2^(octave - 31)}, a function of the value alone, with a relative error below 2^-31. Sums are taken in
 * units of {@code 2^(top octave - 43)}, the top octave being that of the largest value among the summands; what is
 * smaller than a unit is rounded down. Up to 2^19 tokens cannot overflow a sum.
 */
public final class TokenMass {
    /** Tokens of a tile: sums over a whole vocabulary are taken tile by tile, each in units of its own top octave. */
    static final int TILE_BITS = 12;

    private static final double LOG2_E = 0x1.71547652b82fep0;
    /** So that a value of zero stays one at the smallest temperatures. */
    private static final double MAX_SCALE = 0x1p996;
    private static final double MAX_OCTAVES = 0x1p29;
    private static final int SHIFT = 12;

    private TokenMass() {}

    /** log2(e) / temperature, by which values become octaves. */
    public static double scale(double temperature) {
        return Math.min(LOG2_E / temperature, MAX_SCALE);
    }

    /** The base-2 logarithm of exp(value / temperature); where it is beyond 2^29, that. */
    static double octaves(double value, double scale) {
        return Math.min(Math.max(value * scale, -MAX_OCTAVES), MAX_OCTAVES);
    }

    static int octave(double octaves) {
        return (int) Math.floor(octaves);
    }

    /** 2^31 times the power of two of the fraction: interpolated at the zeros of a Chebyshev polynomial. */
    private static long mantissa(double octaves) {
        double f = octaves - Math.floor(octaves);
        double power = 0x1.6b1ab18438ebap-16;
        power = Math.fma(power, f, 0x1.2bf24290c51dcp-13);
        power = Math.fma(power, f, 0x1.600b071bdcb96p-10);
        power = Math.fma(power, f, 0x1.3b046e152dd46p-7);
        power = Math.fma(power, f, 0x1.c6b30332bbf40p-5);
        power = Math.fma(power, f, 0x1.ebfbcc2cdbbafp-3);
        power = Math.fma(power, f, 0x1.62e4302c24e69p-1);
        power = Math.fma(power, f, 1.0);
        return (long) (power * 0x1p31);
    }

    /** In units of the top octave. */
    static long of(double octaves, int topOctave) {
        return lowered(mantissa(octaves) << SHIFT, octave(octaves), topOctave);
    }

    /** A mass in units of one octave, in those of a higher one. */
    static long lowered(long mass, int octave, int topOctave) {
        int distance = topOctave - octave;
        return distance < Long.SIZE ? mass >> distance : 0;
    }

    /** The mass of a nucleus in front of its end. */
    static long nucleusLimit(double topP, long total) {
        return (long) Math.ceil(topP * total);
    }
}
