package io.penstock.emulator.exec;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Loops over the lanes of a warp, one class for each function that they call. A loop that all functions shared would
 * call each of them through a table, lane by lane: the JVM compiles a function into its loop where the loop's class has
 * seen no other.
 */
final class LaneLoops {
    /** {@code r[d + lane] = f(r[a + lane], r[b + lane], r[c + lane])} for the lanes of a mask. */
    interface Ints {
        void run(Alu32.Function f, int mask, int[] r, int d, int a, int b, int c);
    }

    /** The same for longs. */
    interface Longs {
        void run(AluLong.Function f, int mask, long[] r, int d, int a, int b, int c);
    }

    /** The lanes of a mask for which {@code test(r[a + lane], r[b + lane])}, of ints without a sign. */
    interface Tests {
        int run(Comparisons.Test test, int mask, int[] r, int a, int b);
    }

    private static final Map<Class<?>, Ints> INTS = new ConcurrentHashMap<>();
    private static final Map<Class<?>, Longs> LONGS = new ConcurrentHashMap<>();
    private static final Map<Class<?>, Tests> TESTS = new ConcurrentHashMap<>();
    private static final Supplier<Ints> NEW_INTS = copies(OfInts.class, Ints.class);
    private static final Supplier<Longs> NEW_LONGS = copies(OfLongs.class, Longs.class);
    private static final Supplier<Tests> NEW_TESTS = copies(OfTests.class, Tests.class);

    private LaneLoops() {}

    static Ints ints(Alu32.Function f) {
        return INTS.computeIfAbsent(f.getClass(), _ -> NEW_INTS.get());
    }

    static Longs longs(AluLong.Function f) {
        return LONGS.computeIfAbsent(f.getClass(), _ -> NEW_LONGS.get());
    }

    static Tests tests(Comparisons.Test test) {
        return TESTS.computeIfAbsent(test.getClass(), _ -> NEW_TESTS.get());
    }

    /** Gives objects of a class, each of a copy of the class that only it has. */
    private static <T> Supplier<T> copies(Class<?> original, Class<T> type) {
        String name = original.getName();
        byte[] code;
        try (InputStream in = original.getResourceAsStream(name.substring(name.lastIndexOf('.') + 1) + ".class")) {
            code = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return () -> {
            try {
                Class<?> copy = MethodHandles.lookup().defineHiddenClass(code, false).lookupClass();
                return type.cast(copy.getDeclaredConstructor().newInstance());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(name, e);
            }
        };
    }
}

/** The original of the loops over ints. */
final class OfInts implements LaneLoops.Ints {
    OfInts() {}

    @Override
    public void run(Alu32.Function f, int mask, int[] r, int d, int a, int b, int c) {
        if (mask == Op.FULL) {
            for (int lane = 0; lane < 32; lane++) {
                r[d + lane] = f.apply(r[a + lane], r[b + lane], r[c + lane]);
            }
            return;
        }
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            r[d + lane] = f.apply(r[a + lane], r[b + lane], r[c + lane]);
        }
    }
}

/** The original of the loops over longs. */
final class OfLongs implements LaneLoops.Longs {
    OfLongs() {}

    @Override
    public void run(AluLong.Function f, int mask, long[] r, int d, int a, int b, int c) {
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            r[d + lane] = f.apply(r[a + lane], r[b + lane], r[c + lane]);
        }
    }
}

/** The original of the loops that compare. */
final class OfTests implements LaneLoops.Tests {
    OfTests() {}

    @Override
    public int run(Comparisons.Test test, int mask, int[] r, int a, int b) {
        int yes = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            yes |= test.test(r[a + lane] & 0xFFFF_FFFFL, r[b + lane] & 0xFFFF_FFFFL) ? 1 << lane : 0;
        }
        return yes;
    }
}
