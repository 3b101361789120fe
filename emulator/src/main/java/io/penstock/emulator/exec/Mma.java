package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxType;

/**
 * mma.sync and wmma.mma: D = A B + C. Products of 16-bit floats are exact and summed in float32 in the order of k; of
 * tf32, the lower 13 bits are not read.
 */
final class Mma extends TogetherAll {
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /** Room for the matrices of one product. */
    private static final class Scratch {
        private final float[] a = new float[32 * 32];
        private final float[] b = new float[32 * 32];
        private final float[] sum = new float[32 * 32];
        private final int[] ia = new int[32 * 32];
        private final int[] ib = new int[32 * 32];
        private final int[] isum = new int[32 * 32];
        private final double[] da = new double[256];
        private final double[] db = new double[256];
        private final double[] dsum = new double[256];
    }

    private final MatrixShape shape;
    private final MatrixShape.Fragments maps;
    private final PtxType[] types;
    private final boolean saturates;
    private Slot[] as;
    private Slot[] bs;
    private Slot[] cs;
    private Slot[] ds;

    /** @param types of D, A, B and C */
    Mma(MatrixShape shape, MatrixShape.Fragments maps, PtxType[] types, boolean saturates) {
        this.shape = shape;
        this.maps = maps;
        this.types = types;
        this.saturates = saturates;
    }

    void registers(Slot[] d, Slot[] a, Slot[] b, Slot[] c) {
        ds = d;
        as = a;
        bs = b;
        cs = c;
        targets = d;
    }

    boolean fits() {
        boolean isFloat = switch (types[1]) {
            case F16, BF16, TF32 -> true;
            default -> false;
        };
        boolean isWhole = types[1].bits() == 8 && types[1].isInteger() && types[1] != PtxType.S4
                && types[1] != PtxType.U4 && types[1] != PtxType.B1;
        boolean isDouble = types[1] == PtxType.F64;
        return (isFloat || isWhole || isDouble) && fits(as, maps.a(), types[1]) && fits(bs, maps.b(), types[2])
                && fits(cs, maps.c(), types[3]) && fits(ds, maps.d(), types[0]);
    }

    private static boolean fits(Slot[] slots, MatrixShape.Map map, PtxType type) {
        return slots.length * (type == PtxType.F64 ? 1 : 32 / type.bits()) == map.perLane();
    }

    @Override
    void together(Warp warp, int mask) {
        warp.cta.launch.counters.mmaInstructions++;
        warp.cta.launch.counters.mmaFlops += 2L * shape.m() * shape.n() * shape.k();
        boolean isOpen = isOpen(warp, as) || isOpen(warp, bs) || isOpen(warp, cs);
        boolean[] open = isOpen ? openSums(warp) : null;
        Scratch scratch = SCRATCH.get();
        if (types[1] == PtxType.F64) {
            doubles(warp, scratch);
        } else if (types[1].isFloat()) {
            floats(warp, scratch);
        } else {
            integers(warp, scratch);
        }
        for (Slot d : ds) {
            warp.undefined[d.id()] &= ~mask;
        }
        if (isOpen) {
            spoil(warp, open);
        }
    }

    private static boolean isOpen(Warp warp, Slot[] slots) {
        int open = 0;
        for (Slot slot : slots) {
            open |= warp.undefined[slot.id()];
        }
        return open != 0;
    }

    private void floats(Warp warp, Scratch s) {
        read(warp, as, maps.a(), types[1], s.a);
        read(warp, bs, maps.b(), types[2], s.b);
        read(warp, cs, maps.c(), types[3], s.sum);
        if (shape.n() == 8) {
            for (int row = 0; row < shape.m(); row++) {
                row8(s.a, s.b, s.sum, row * shape.k(), row * 8, shape.k());
            }
        } else {
            for (int row = 0; row < shape.m(); row++) {
                row(s.a, s.b, s.sum, row, shape.n(), shape.k());
            }
        }
        write(warp, s.sum);
    }

    private static void row8(float[] a, float[] b, float[] sum, int at, int to, int k) {
        float s0 = sum[to];
        float s1 = sum[to + 1];
        float s2 = sum[to + 2];
        float s3 = sum[to + 3];
        float s4 = sum[to + 4];
        float s5 = sum[to + 5];
        float s6 = sum[to + 6];
        float s7 = sum[to + 7];
        for (int i = 0; i < k; i++) {
            float x = a[at + i];
            int j = i * 8;
            s0 += x * b[j];
            s1 += x * b[j + 1];
            s2 += x * b[j + 2];
            s3 += x * b[j + 3];
            s4 += x * b[j + 4];
            s5 += x * b[j + 5];
            s6 += x * b[j + 6];
            s7 += x * b[j + 7];
        }
        sum[to] = s0;
        sum[to + 1] = s1;
        sum[to + 2] = s2;
        sum[to + 3] = s3;
        sum[to + 4] = s4;
        sum[to + 5] = s5;
        sum[to + 6] = s6;
        sum[to + 7] = s7;
    }

    private static void row(float[] a, float[] b, float[] sum, int row, int n, int k) {
        for (int i = 0; i < k; i++) {
            float x = a[row * k + i];
            for (int column = 0; column < n; column++) {
                sum[row * n + column] += x * b[i * n + column];
            }
        }
    }

    private static void read(Warp warp, Slot[] slots, MatrixShape.Map map, PtxType type, float[] to) {
        int[] elements = map.elements();
        int perLane = map.perLane();
        boolean isHalf = type.bits() == 16;
        boolean isBfloat = type == PtxType.BF16;
        int cut = type == PtxType.TF32 ? 0xFFFF_E000 : -1;
        for (int i = 0; i < slots.length; i++) {
            int at = slots[i].at();
            for (int lane = 0; lane < 32; lane++) {
                int bits = warp.ints[at + lane];
                if (!isHalf) {
                    to[elements[lane * perLane + i]] = Float.intBitsToFloat(bits & cut);
                } else if (isBfloat) {
                    to[elements[lane * perLane + 2 * i]] = Float.intBitsToFloat(bits << 16);
                    to[elements[lane * perLane + 2 * i + 1]] = Float.intBitsToFloat(bits & 0xFFFF_0000);
                } else {
                    to[elements[lane * perLane + 2 * i]] = Float.float16ToFloat((short) bits);
                    to[elements[lane * perLane + 2 * i + 1]] = Float.float16ToFloat((short) (bits >>> 16));
                }
            }
        }
    }

    private void write(Warp warp, float[] sum) {
        int[] elements = maps.d().elements();
        int perLane = maps.d().perLane();
        boolean isHalf = types[0] == PtxType.F16;
        for (int i = 0; i < ds.length; i++) {
            int at = ds[i].at();
            for (int lane = 0; lane < 32; lane++) {
                if (isHalf) {
                    warp.ints[at + lane] = (int) (Floats.toHalf(sum[elements[lane * perLane + 2 * i]])
                            | Floats.toHalf(sum[elements[lane * perLane + 2 * i + 1]]) << 16);
                } else {
                    warp.ints[at + lane] = (int) Floats.bits(sum[elements[lane * perLane + i]]);
                }
            }
        }
    }

    private void integers(Warp warp, Scratch s) {
        bytes(warp, as, maps.a(), types[1].isSigned(), s.ia);
        bytes(warp, bs, maps.b(), types[2].isSigned(), s.ib);
        int n = shape.n();
        int k = shape.k();
        for (int i = 0; i < cs.length; i++) {
            for (int lane = 0; lane < 32; lane++) {
                s.isum[maps.c().elements()[lane * maps.c().perLane() + i]] = warp.ints[cs[i].at() + lane];
            }
        }
        for (int row = 0; row < shape.m(); row++) {
            for (int column = 0; column < n; column++) {
                long sum = s.isum[row * n + column];
                for (int j = 0; j < k; j++) {
                    sum += s.ia[row * k + j] * s.ib[j * n + column];
                }
                s.isum[row * n + column] = saturates
                        ? Math.clamp(sum, Integer.MIN_VALUE, Integer.MAX_VALUE) : (int) sum;
            }
        }
        for (int i = 0; i < ds.length; i++) {
            for (int lane = 0; lane < 32; lane++) {
                warp.ints[ds[i].at() + lane] = s.isum[maps.d().elements()[lane * maps.d().perLane() + i]];
            }
        }
    }

    private static void bytes(Warp warp, Slot[] slots, MatrixShape.Map map, boolean isSigned, int[] to) {
        for (int i = 0; i < slots.length; i++) {
            for (int lane = 0; lane < 32; lane++) {
                int bits = warp.ints[slots[i].at() + lane];
                for (int part = 0; part < 4; part++) {
                    int value = isSigned ? (byte) (bits >>> 8 * part) : bits >>> 8 * part & 0xFF;
                    to[map.elements()[lane * map.perLane() + 4 * i + part]] = value;
                }
            }
        }
    }

    private void doubles(Warp warp, Scratch s) {
        read(warp, as, maps.a(), s.da);
        read(warp, bs, maps.b(), s.db);
        read(warp, cs, maps.c(), s.dsum);
        for (int row = 0; row < shape.m(); row++) {
            for (int column = 0; column < shape.n(); column++) {
                double sum = s.dsum[row * shape.n() + column];
                for (int j = 0; j < shape.k(); j++) {
                    sum = Math.fma(s.da[row * shape.k() + j], s.db[j * shape.n() + column], sum);
                }
                s.dsum[row * shape.n() + column] = sum;
            }
        }
        for (int i = 0; i < ds.length; i++) {
            for (int lane = 0; lane < 32; lane++) {
                warp.longs[ds[i].at() + lane] =
                        Floats.bits(s.dsum[maps.d().elements()[lane * maps.d().perLane() + i]]);
            }
        }
    }

    private static void read(Warp warp, Slot[] slots, MatrixShape.Map map, double[] to) {
        for (int i = 0; i < slots.length; i++) {
            for (int lane = 0; lane < 32; lane++) {
                to[map.elements()[lane * map.perLane() + i]] =
                        Double.longBitsToDouble(warp.longs[slots[i].at() + lane]);
            }
        }
    }

    /** The elements of D that depend on something undefined. */
    private boolean[] openSums(Warp warp) {
        boolean[] open = new boolean[shape.m() * shape.n()];
        for (int element : MatrixOpen.elements(warp, cs, maps.c(), types[3])) {
            open[element] = true;
        }
        for (int element : MatrixOpen.elements(warp, as, maps.a(), types[1])) {
            int row = element / shape.k();
            for (int column = 0; column < shape.n(); column++) {
                open[row * shape.n() + column] = true;
            }
        }
        for (int element : MatrixOpen.elements(warp, bs, maps.b(), types[2])) {
            int column = element % shape.n();
            for (int row = 0; row < shape.m(); row++) {
                open[row * shape.n() + column] = true;
            }
        }
        return open;
    }

    private void spoil(Warp warp, boolean[] open) {
        int perRegister = maps.d().perLane() / ds.length;
        int bits = types[0].bits();
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < ds.length; i++) {
                long undefined = 0;
                for (int part = 0; part < perRegister; part++) {
                    int element = maps.d().elements()[lane * maps.d().perLane() + i * perRegister + part];
                    undefined |= open[element] ? (bits == 64 ? -1 : (1L << bits) - 1) << part * bits : 0;
                }
                if (undefined != 0) {
                    warp.setUndefined(ds[i], lane, undefined, true);
                }
            }
        }
    }
}
