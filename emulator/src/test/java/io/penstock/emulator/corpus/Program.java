package io.penstock.emulator.corpus;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** One launch of an entry of the corpus: its shape, its arguments in order, and what must come out. */
final class Program {
    /** Inputs and expected outputs from a seeded generator. */
    @FunctionalInterface
    interface Source {
        Program make(Random random);
    }

    /** Judges an output: what is wrong with it, or null. */
    @FunctionalInterface
    interface Check {
        String problem(ByteBuffer output);
    }

    /**
     * @param initial bytes of a buffer, or null if it starts uninitialised
     * @param numBytes of the buffer; 0 for a value
     * @param check of the buffer after the launch, or null
     * @param value bytes of a parameter that is no pointer, or null
     */
    record Argument(byte[] initial, int numBytes, Check check, byte[] value) {}

    final String file;
    final String entry;
    final List<Argument> arguments = new ArrayList<>();
    int[] grid = {1, 1, 1};
    int[] block = {32, 1, 1};
    int sharedBytes;
    /** An entry that is launched before it, in the same shape and with the same arguments, or null. */
    String inFront;

    private Program(String file, String entry) {
        this.file = file;
        this.entry = entry;
    }

    static Program of(String file, String entry) {
        return new Program(file, entry);
    }

    Program grid(int... shape) {
        grid = three(shape);
        return this;
    }

    Program block(int... shape) {
        block = three(shape);
        return this;
    }

    Program shared(int numBytes) {
        sharedBytes = numBytes;
        return this;
    }

    /** Behind a launch of another entry, before whose end it may begin. */
    Program behind(String entryInFront) {
        inFront = entryInFront;
        return this;
    }

    private static int[] three(int... shape) {
        int[] all = {1, 1, 1};
        System.arraycopy(shape, 0, all, 0, shape.length);
        return all;
    }

    Program in(Object array) {
        byte[] bytes = bytes(array);
        return buffer(bytes, bytes.length, output -> Arrays.equals(output.array(), bytes) ? null : "the input changed");
    }

    /** A buffer that the kernel writes as a whole, exactly so. */
    Program out(Object expected) {
        return out(expected, 0);
    }

    /** As near as {@code tolerance * max(1, |expected|)}. */
    Program out(Object expected, double tolerance) {
        return buffer(null, bytes(expected).length, output -> difference(expected, output, tolerance));
    }

    Program out(int numBytes, Check check) {
        return buffer(null, numBytes, check);
    }

    Program inout(Object initial, Object expected) {
        return inout(initial, expected, 0);
    }

    Program inout(Object initial, Object expected, double tolerance) {
        byte[] bytes = bytes(initial);
        return buffer(bytes, bytes.length, output -> difference(expected, output, tolerance));
    }

    Program inout(Object initial, Check check) {
        byte[] bytes = bytes(initial);
        return buffer(bytes, bytes.length, check);
    }

    /** Uninitialised, and nobody looks at what is left in it. */
    Program scratch(int numBytes) {
        return buffer(null, numBytes, null);
    }

    /** A parameter by value: Integer, Long, Float, Double, Short, Byte, or the bytes of a structure. */
    Program value(Object value) {
        arguments.add(new Argument(null, 0, null, switch (value) {
            case byte[] structure -> structure;
            case Integer v -> little(4).putInt(v).array();
            case Long v -> little(8).putLong(v).array();
            case Float v -> little(4).putFloat(v).array();
            case Double v -> little(8).putDouble(v).array();
            case Short v -> little(2).putShort(v).array();
            case Byte v -> new byte[] {v};
            default -> throw new IllegalArgumentException(value.getClass().toString());
        }));
        return this;
    }

    private Program buffer(byte[] initial, int numBytes, Check check) {
        arguments.add(new Argument(initial, numBytes, check, null));
        return this;
    }

    static ByteBuffer little(int numBytes) {
        return ByteBuffer.allocate(numBytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static byte[] bytes(Object array) {
        return switch (array) {
            case byte[] a -> a.clone();
            case short[] a -> {
                ByteBuffer b = little(a.length * 2);
                b.asShortBuffer().put(a);
                yield b.array();
            }
            case int[] a -> {
                ByteBuffer b = little(a.length * 4);
                b.asIntBuffer().put(a);
                yield b.array();
            }
            case long[] a -> {
                ByteBuffer b = little(a.length * 8);
                b.asLongBuffer().put(a);
                yield b.array();
            }
            case float[] a -> {
                ByteBuffer b = little(a.length * 4);
                b.asFloatBuffer().put(a);
                yield b.array();
            }
            case double[] a -> {
                ByteBuffer b = little(a.length * 8);
                b.asDoubleBuffer().put(a);
                yield b.array();
            }
            default -> throw new IllegalArgumentException(array.getClass().toString());
        };
    }

    /** The first element that differs, or null. */
    static String difference(Object expected, ByteBuffer output, double tolerance) {
        int n = java.lang.reflect.Array.getLength(expected);
        for (int i = 0; i < n; i++) {
            if (expected instanceof float[] || expected instanceof double[]) {
                double e = expected instanceof float[] f ? f[i] : ((double[]) expected)[i];
                double actual = expected instanceof float[] ? output.getFloat(i * 4) : output.getDouble(i * 8);
                boolean near = Math.abs(actual - e) <= tolerance * Math.max(1, Math.abs(e));
                if (Double.compare(e, actual) != 0 && !near) {
                    return "[" + i + "] is " + actual + ", not " + e;
                }
            } else {
                long e = ((Number) java.lang.reflect.Array.get(expected, i)).longValue();
                long actual = switch (expected) {
                    case byte[] _ -> output.get(i);
                    case short[] _ -> output.getShort(i * 2);
                    case int[] _ -> output.getInt(i * 4);
                    default -> output.getLong(i * 8);
                };
                if (e != actual) {
                    return "[" + i + "] is " + actual + ", not " + e + " (0x" + Long.toHexString(actual) + ", not 0x"
                            + Long.toHexString(e) + ")";
                }
            }
        }
        return null;
    }

    @Override
    public String toString() {
        return file + " " + entry;
    }
}
