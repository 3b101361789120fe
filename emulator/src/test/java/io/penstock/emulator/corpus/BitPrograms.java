package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bytes;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.longs;
import static io.penstock.emulator.corpus.Data.words;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntBinaryOperator;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/** Integers and bits. */
final class BitPrograms {
    private static final long LOW = 0xffffffffL;

    private BitPrograms() {}

    static Stream<Program.Source> all() {
        return Stream.of(
                BitPrograms::counts, BitPrograms::fields, BitPrograms::morton, BitPrograms::crc, BitPrograms::packed,
                BitPrograms::philox, BitPrograms::division, BitPrograms::wide);
    }

    private static Program counts(Random r) {
        int[] x = words(r, 64);
        long[] w = longs(r, 64);
        x[0] = 0;
        w[1] = 0;
        x[2] = -1;
        int[] y = new int[640];
        for (int i = 0; i < 64; i++) {
            int third = x[i];
            third &= third - 1;
            third &= third - 1;
            int[] o = {
                Integer.bitCount(x[i]), Integer.reverse(x[i]), Integer.numberOfLeadingZeros(x[i]), first(x[i]),
                Long.bitCount(w[i]), (int) (Long.reverse(w[i]) >> 32), Long.numberOfLeadingZeros(w[i]),
                w[i] == 0 ? 0 : Long.numberOfTrailingZeros(w[i]) + 1, first(third) - 1,
                Integer.numberOfLeadingZeros(~x[i])
            };
            System.arraycopy(o, 0, y, i * 10, 10);
        }
        return Program.of("bits", "bits_counts_u32").grid(2).block(32).in(x).in(w).out(y);
    }

    private static int first(int x) {
        return x == 0 ? 0 : Integer.numberOfTrailingZeros(x) + 1;
    }

    private static long extract(long a, int p, int n, int width, boolean signed) {
        long top = a >>> width - 1 & 1;
        long value = 0;
        for (int k = 0; k < width; k++) {
            boolean in = k < n && p + k < width;
            long sign = n == 0 ? 0 : a >>> Math.min(p + n - 1, width - 1) & 1;
            long bit = in ? a >>> p + k & 1 : signed ? p >= width ? n == 0 ? 0 : top : sign : 0;
            value |= bit << k;
        }
        return value;
    }

    private static int insert(int a, int b, int p, int n) {
        int value = b;
        for (int k = 0; k < n && p + k < 32; k++) {
            value = value & ~(1 << p + k) | (a >>> k & 1) << p + k;
        }
        return value;
    }

    private static int permute(int a, int b, int selector) {
        long both = (long) b << 32 | a & LOW;
        int value = 0;
        for (int k = 0; k < 4; k++) {
            value |= (int) (both >>> 8 * (selector >>> 4 * k & 7) & 0xff) << 8 * k;
        }
        return value;
    }

    private static int shiftLeft(int low, int high, int n) {
        return (int) (((long) high << 32 | low & LOW) << n >>> 32);
    }

    private static int shiftRight(int low, int high, int n) {
        return (int) (((long) high << 32 | low & LOW) >>> n);
    }

    private static int highest(int a) {
        return 31 - Integer.numberOfLeadingZeros(a < 0 ? ~a : a);
    }

    private static Program fields(Random r) {
        int[] a = words(r, 64);
        int[] b = words(r, 64);
        int[] p = ints(r, 64, 0, 64);
        int[] n = ints(r, 64, 0, 64);
        long[] w = longs(r, 64);
        a[5] = 0;
        a[6] = -1;
        n[7] = 0;
        int[] y = new int[640];
        long[] z = new long[64];
        for (int i = 0; i < 64; i++) {
            int c = ~a[i] >>> 3;
            int[] o = {
                (int) extract(a[i] & LOW, p[i], n[i], 32, false), (int) extract(a[i] & LOW, p[i], n[i], 32, true),
                insert(a[i], b[i], p[i], n[i]), permute(a[i], b[i], p[i] * 0x1357 + n[i] * 0x2468),
                shiftLeft(a[i], b[i], p[i] & 31), shiftRight(a[i], b[i], p[i] & 31),
                shiftLeft(a[i], b[i], Math.min(p[i], 32)), shiftRight(a[i], b[i], Math.min(n[i], 32)),
                (a[i] & b[i] | ~a[i] & p[i] * n[i]) + (a[i] ^ b[i] ^ n[i]) + (a[i] & b[i] | (a[i] | b[i]) & c),
                highest(a[i])
            };
            System.arraycopy(o, 0, y, i * 10, 10);
            z[i] = extract(w[i], p[i], n[i], 64, true);
        }
        return Program.of("bits", "bits_fields").block(64).in(a).in(b).in(p).in(n).in(w).out(y).out(z);
    }

    private static Program morton(Random r) {
        short[] xyz = Data.shorts(r, 3 * 70);
        int[] codes = new int[70];
        for (int i = 0; i < 70; i++) {
            for (int bit = 0; bit < 30; bit++) {
                codes[i] |= (xyz[3 * i + bit % 3] >> bit / 3 & 1) << bit;
            }
        }
        return Program.of("bits", "bits_morton_3d").grid(3).block(32).in(xyz).out(codes).value(70);
    }

    private static Program crc(Random r) {
        byte[] x = bytes(r, 256 * 20);
        int[] y = new int[256];
        for (int t = 0; t < 256; t++) {
            CRC32 crc = new CRC32();
            crc.update(x, t * 20, 20);
            y[t] = (int) crc.getValue();
        }
        return Program.of("bits", "bits_crc32").block(256).in(x).out(y).value(20);
    }

    private static int lanes(int a, int b, int width, boolean signed, IntBinaryOperator operation) {
        int mask = (1 << width) - 1;
        int value = 0;
        for (int k = 0; k < 32; k += width) {
            int u = a >>> k & mask;
            int v = b >>> k & mask;
            if (signed) {
                u = u << 32 - width >> 32 - width;
                v = v << 32 - width >> 32 - width;
            }
            value |= (operation.applyAsInt(u, v) & mask) << k;
        }
        return value;
    }

    private static int dot(int a, int b, boolean signed, int start) {
        int sum = start;
        for (int k = 0; k < 32; k += 8) {
            sum += signed ? (byte) (a >> k) * (byte) (b >> k) : (a >>> k & 0xff) * (b >>> k & 0xff);
        }
        return sum;
    }

    private static Program packed(Random r) {
        int[] a = words(r, 32);
        int[] b = words(r, 32);
        int[] y = new int[32 * 12];
        for (int i = 0; i < 32; i++) {
            int[] o = {
                lanes(a[i], b[i], 8, false, Integer::sum), lanes(a[i], b[i], 16, false, (u, v) -> u - v),
                lanes(a[i], b[i], 8, false, Math::max), lanes(a[i], b[i], 8, false, (u, v) -> Math.abs(u - v)),
                lanes(a[i], b[i], 8, true, (u, v) -> u > v ? -1 : 0),
                lanes(a[i], b[i], 8, false, (u, v) -> Math.min(255, u + v)),
                lanes(a[i], b[i], 8, false, (u, v) -> (u + v + 1) / 2), lanes(a[i], b[i], 16, true, Math::min),
                dot(a[i], b[i], true, 17), dot(a[i], b[i], false, 5),
                (short) a[i] * (byte) b[i] + (a[i] >> 16) * (byte) (b[i] >> 8) - 3,
                (int) (Math.abs((long) a[i] - b[i]) + 9)
            };
            System.arraycopy(o, 0, y, i * 12, 12);
        }
        return Program.of("bits", "bits_packed").block(32).in(a).in(b).out(y);
    }

    private static Program philox(Random r) {
        int seed = r.nextInt();
        long offset = r.nextLong();
        int[] y = new int[64 * 4];
        for (int id = 0; id < 64; id++) {
            int[] c = {(int) offset, (int) (offset >>> 32), id, 0};
            int k0 = seed;
            int k1 = ~seed;
            for (int round = 0; round < 10; round++) {
                long p0 = (0xD2511F53L) * (c[0] & LOW);
                long p1 = (0xCD9E8D57L) * (c[2] & LOW);
                c = new int[] {(int) (p1 >>> 32) ^ c[1] ^ k0, (int) p1, (int) (p0 >>> 32) ^ c[3] ^ k1, (int) p0};
                k0 += 0x9E3779B9;
                k1 += 0xBB67AE85;
            }
            System.arraycopy(c, 0, y, id * 4, 4);
        }
        return Program.of("bits", "bits_philox").grid(2).block(32).out(y).value(seed).value(offset);
    }

    private static Program division(Random r) {
        int n = 64;
        long[] a = longs(r, n);
        long[] b = longs(r, n);
        int[] c = words(r, n);
        int[] d = words(r, n);
        for (int i = 0; i < n; i++) {
            b[i] = b[i] >> r.nextInt(63) | 1;
            d[i] = d[i] >> r.nextInt(31) | 1;
            a[i] >>= r.nextInt(40);
        }
        long[] y = new long[n * 6];
        int[] z = new int[n * 8];
        for (int i = 0; i < n; i++) {
            long[] o = {
                a[i] / b[i], a[i] % b[i], Long.divideUnsigned(a[i], b[i]), Long.remainderUnsigned(a[i], b[i]),
                Math.multiplyHigh(a[i], b[i]), Math.unsignedMultiplyHigh(a[i], b[i])
            };
            System.arraycopy(o, 0, y, i * 6, 6);
            int[] p = {
                c[i] / d[i], c[i] % d[i], Integer.divideUnsigned(c[i], d[i]), c[i] / 10, c[i] % 7,
                (int) ((long) c[i] * d[i] >> 32), (c[i] << 8 >> 8) * (d[i] << 8 >> 8), (int) ((long) c[i] + d[i] >> 1)
            };
            System.arraycopy(p, 0, z, i * 8, 8);
        }
        return Program.of("bits", "integer_division").grid(2).block(32).in(a).in(b).out(y).in(c).in(d).out(z);
    }

    private static BigInteger big(long[] words, int i) {
        byte[] bytes = Program.little(16).putLong(words[2 * i]).putLong(words[2 * i + 1]).array();
        byte[] reversed = new byte[16];
        for (int k = 0; k < 16; k++) {
            reversed[k] = bytes[15 - k];
        }
        return new BigInteger(1, reversed);
    }

    private static Program wide(Random r) {
        long[] a = longs(r, 64);
        long[] b = longs(r, 64);
        long[] y = new long[32 * 8];
        BigInteger mask = BigInteger.ONE.shiftLeft(128).subtract(BigInteger.ONE);
        for (int i = 0; i < 32; i++) {
            BigInteger x = big(a, i);
            BigInteger z = big(b, i);
            BigInteger sum = x.add(z).and(mask);
            BigInteger product = x.multiply(z).and(mask);
            BigInteger difference = x.subtract(z).and(mask);
            BigInteger shifted = sum.shiftRight(i & 127).xor(product.shiftLeft(i % 61)).and(mask);
            BigInteger[] all = {sum, product, difference, shifted};
            for (int k = 0; k < 4; k++) {
                y[i * 8 + 2 * k] = all[k].longValue();
                y[i * 8 + 2 * k + 1] = all[k].shiftRight(64).longValue();
            }
        }
        return Program.of("bits", "wide_integers").block(32).in(a).in(b).out(Arrays.copyOf(y, y.length));
    }
}
