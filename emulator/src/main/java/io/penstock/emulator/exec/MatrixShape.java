package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxType;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The shape of a product, A[m, k] by B[k, n], and which element of a matrix each lane holds where. */
record MatrixShape(int m, int n, int k) {
    private static final Pattern SHAPE = Pattern.compile("m(\\d+)n(\\d+)k(\\d+)");

    /**
     * Where the elements of a matrix are: entry {@code lane * perLane + i} says what element i of a lane's registers
     * is, as row * columns + column.
     */
    record Map(int rows, int columns, int perLane, int[] elements) {
        interface Place {
            int of(int lane, int i);
        }

        static Map of(int rows, int columns, Place row, Place column) {
            int perLane = rows * columns / 32;
            return of(rows, columns, perLane, row, column);
        }

        static Map of(int rows, int columns, int perLane, Place row, Place column) {
            int[] elements = new int[32 * perLane];
            for (int lane = 0; lane < 32; lane++) {
                for (int i = 0; i < perLane; i++) {
                    elements[lane * perLane + i] = row.of(lane, i) * columns + column.of(lane, i);
                }
            }
            return new Map(rows, columns, perLane, elements);
        }
    }

    /** The four matrices of {@code D = A B + C}. */
    record Fragments(Map a, Map b, Map c, Map d) {}

    static MatrixShape of(List<String> modifiers) {
        for (String word : modifiers) {
            Matcher matcher = SHAPE.matcher(word);
            if (matcher.matches()) {
                return new MatrixShape(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)),
                        Integer.parseInt(matcher.group(3)));
            }
        }
        return null;
    }

    /** The maps of mma.sync for 16 x 8 results, or of 8 x 8 in float64; null if the shape is none of them. */
    static Fragments fragments(MatrixShape shape, PtxType a, PtxType d) {
        if (a == PtxType.F64) {
            return shape.equals(new MatrixShape(8, 8, 4)) ? new Fragments(
                    Map.of(8, 4, (lane, i) -> lane >> 2, (lane, i) -> lane & 3),
                    Map.of(4, 8, (lane, i) -> lane & 3, (lane, i) -> lane >> 2),
                    small(), small()) : null;
        }
        int perRegister = 32 / a.bits();
        boolean isKnown = shape.m == 16 && shape.n == 8 && (shape.k == 4 * perRegister || shape.k == 8 * perRegister);
        boolean isSmall = shape.m == 8 && shape.n == 8 && a.bits() == 8 && shape.k == 16;
        if (isSmall) {
            return new Fragments(Map.of(8, 16, (lane, i) -> lane >> 2, (lane, i) -> (lane & 3) * 4 + i),
                    Map.of(16, 8, (lane, i) -> (lane & 3) * 4 + i, (lane, i) -> lane >> 2), small(), small());
        }
        return isKnown ? new Fragments(left(shape.k, perRegister), right(shape.k, perRegister), sum(), sum()) : null;
    }

    /** Registers go down first (rows 0 and 8), then right. */
    private static Map left(int k, int per) {
        return Map.of(16, k, (lane, i) -> (lane >> 2) + (i / per & 1) * 8,
                (lane, i) -> (lane & 3) * per + i % per + i / (2 * per) * 4 * per);
    }

    private static Map right(int k, int per) {
        return Map.of(k, 8, (lane, i) -> (lane & 3) * per + i % per + i / per * 4 * per, (lane, i) -> lane >> 2);
    }

    private static Map sum() {
        return Map.of(16, 8, (lane, i) -> (lane >> 2) + (i >> 1) * 8, (lane, i) -> (lane & 3) * 2 + (i & 1));
    }

    private static Map small() {
        return Map.of(8, 8, (lane, i) -> lane >> 2, (lane, i) -> (lane & 3) * 2 + i);
    }

    /**
     * A map for wmma, whose layout PTX leaves open: elements one after the other, as many to a lane as its registers
     * hold. Registers beyond the matrix repeat it.
     */
    static Map wmma(MatrixShape shape, char which, PtxType type, int numRegisters) {
        int rows = which == 'b' ? shape.k : shape.m;
        int columns = which == 'a' ? shape.k : shape.n;
        int perRegister = type == PtxType.F64 ? 1 : 32 / type.bits();
        int perLane = numRegisters * perRegister;
        if (type.bits() < 8 || type == PtxType.B1 || type == PtxType.S4 || type == PtxType.U4
                || perLane * 32 % (rows * columns) != 0) {
            return null;
        }
        int num = rows * columns;
        return Map.of(rows, columns, perLane, (lane, i) -> (lane * perLane + i) % num / columns,
                (lane, i) -> (lane * perLane + i) % num % columns);
    }

    static int denseStride(MatrixShape shape, char which, boolean isRow) {
        int rows = which == 'b' ? shape.k : shape.m;
        int columns = which == 'a' ? shape.k : shape.n;
        return isRow ? columns : rows;
    }
}
