package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.warp;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Products of warpgroups, their registers, and stores of matrices. Elements are small whole numbers, whose sums are
 * exact in any order; where each lies in shared memory is put down here again, after the figures of the PTX manual.
 */
final class WarpGroupForms {
    private static final int K = 16;
    private static final int A_AT = 0;
    private static final int B_AT = 16 << 10;

    /** Where a matrix lies, in bytes; {@code major} counts rows of A or columns of B. */
    private interface Place {
        int of(int major, int k);
    }

    /**
     * A layout in shared memory.
     *
     * @param swizzle as a descriptor has it: 0 none, 1 of 128 bytes, 2 of 64, 3 of 32
     */
    private record Layout(String name, int leading, int stride, int swizzle, boolean isTransposed, Place place) {
        long descriptor(int at) {
            return at >> 4 | (long) (leading >> 4) << 16 | (long) (stride >> 4) << 32 | (long) swizzle << 62;
        }
    }

    private WarpGroupForms() {}

    private static int permuted(int offset, int width) {
        int row = offset / 128 % (width / 16);
        return offset ^ row * 16;
    }

    /** Core matrices of 8 x 16 bytes, apart from each other. */
    private static Layout plain() {
        return new Layout("plain", 2560, 144, 0, false,
                (major, k) -> major / 8 * 144 + major % 8 * 16 + k / 8 * 2560 + k % 8 * 2);
    }

    private static Layout swizzled(int width, int mode) {
        return new Layout("swizzled " + width, 16, 8 * width, mode, false,
                (major, k) -> permuted(major * width + k * 2, width));
    }

    private static Layout plainTransposed() {
        return new Layout("plain transposed", 4608, 144, 0, true,
                (major, k) -> major / 8 * 144 + major % 8 * 2 + k % 8 * 16 + k / 8 * 4608);
    }

    private static Layout swizzledTransposed(int width, int mode) {
        int block = 16 * width;
        return new Layout("swizzled transposed " + width, block, 8 * width, mode, true,
                (major, k) -> permuted(major * 2 / width * block + major * 2 % width + k * width, width));
    }

    private static List<Layout> layouts() {
        return List.of(plain(), swizzled(128, 1), swizzled(64, 2), swizzled(32, 3), plainTransposed(),
                swizzledTransposed(128, 1), swizzledTransposed(64, 2), swizzledTransposed(32, 3));
    }

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (int n = 8; n <= 256; n += 8) {
            forms.add(new Product("bf16", "f32", n).form(n / 2 - 1));
            forms.add(new Product("f16", "f32", n).form(n / 2 - 2));
            forms.add(new Product("f16", "f16", n).form(n / 4 - 1));
        }
        for (Layout layout : layouts()) {
            for (int register : new int[] {0, 3, 13, 18}) {
                forms.add(new Product("bf16", "f32", 72).b(layout).form(register));
                forms.add(new Product("bf16", "f32", 72).a(layout).form(register));
                forms.add(new Product("f16", "f32", 136).b(layout).inRegisters().form(register));
            }
        }
        for (int register = 0; register < 4; register++) {
            forms.add(new Product("bf16", "f32", 8).inRegisters().form(register));
            forms.add(new Product("bf16", "f32", 16).adds().form(register));
            forms.add(new Product("bf16", "f32", 16).inRegisters().adds().form(register));
            forms.add(new Product("f16", "f16", 16).adds().form(register));
            forms.add(new Product("bf16", "f32", 16).negated(true, false).form(register));
            forms.add(new Product("f16", "f32", 16).adds().negated(false, true).form(register));
        }
        forms.add(warp("setmaxnreg.dec.sync.aligned.u32 40; setmaxnreg.inc.sync.aligned.u32 40; mov.b32 %d, %a;",
                "b32 b32", (in, lane) -> in[0][lane]));
        stores(forms);
        return forms.stream();
    }

    private static int left(int row, int k) {
        return (row * 5 + k * 3) % 11 - 4;
    }

    private static int right(int k, int column) {
        return (k * 7 + column * 2) % 9 - 3;
    }

    private static int before(int row, int column) {
        return row % 8 - column % 4;
    }

    private static int encode(int value, String type) {
        return type.equals("bf16") ? Float.floatToRawIntBits(value) >>> 16 : Float.floatToFloat16(value) & 0xFFFF;
    }

    /** One instruction: its operands in shared memory, and D from the first warp's registers. */
    private static final class Product {
        private final String type;
        private final String result;
        private final int n;
        private Layout layoutA = swizzled(128, 1);
        private Layout layoutB = swizzled(128, 1);
        private boolean isInRegisters;
        private boolean adds;
        private int signA = 1;
        private int signB = 1;

        Product(String type, String result, int n) {
            this.type = type;
            this.result = result;
            this.n = n;
        }

        Product a(Layout layout) {
            layoutA = layout;
            return this;
        }

        Product b(Layout layout) {
            layoutB = layout;
            return this;
        }

        Product inRegisters() {
            isInRegisters = true;
            return this;
        }

        Product adds() {
            adds = true;
            return this;
        }

        Product negated(boolean ofA, boolean ofB) {
            signA = ofA ? -1 : 1;
            signB = ofB ? -1 : 1;
            return this;
        }

        /** What stands in shared memory, as words in global memory. */
        private String image() {
            byte[] image = new byte[(80 << 10)];
            for (int k = 0; k < K; k++) {
                for (int row = 0; row < 64; row++) {
                    put(image, A_AT + layoutA.place().of(row, k), encode(left(row, k), type));
                }
                for (int column = 0; column < n; column++) {
                    put(image, B_AT + layoutB.place().of(column, k), encode(right(k, column), type));
                }
            }
            int end = image.length;
            while (end > 4 && image[end - 1] == 0) {
                end--;
            }
            StringBuilder words = new StringBuilder(".global .align 16 .b32 image[" + (end + 3) / 4 + "] = {");
            for (int at = 0; at < (end + 3) / 4; at++) {
                int word = image[4 * at] & 0xFF | (image[4 * at + 1] & 0xFF) << 8 | (image[4 * at + 2] & 0xFF) << 16
                        | image[4 * at + 3] << 24;
                words.append(at == 0 ? "" : ", ").append(word & 0xFFFF_FFFFL);
            }
            return words.append("};\n").toString();
        }

        private static void put(byte[] image, int at, int value) {
            image[at] = (byte) value;
            image[at + 1] = (byte) (value >> 8);
        }

        Form form(int register) {
            int numRegisters = result.equals("f32") ? n / 2 : n / 4;
            String image = image();
            int numWords = image.split(",").length;
            StringBuilder text = new StringBuilder(".shared .align 1024 .b8 s[" + (B_AT + (64 << 10)) + "];\n"
                    + "{ .reg .b32 %r<" + numRegisters + ">, %x<4>; mov.u32 %t0, %tid.x; mov.u64 %u0, image; "
                    + "mov.u32 %t1, s;\nFILL: setp.ge.u32 %q0, %t0, " + numWords + "; @%q0 bra FILLED; "
                    + "mad.wide.u32 %u1, %t0, 4, %u0; ld.global.b32 %t2, [%u1]; mad.lo.u32 %t3, %t0, 4, %t1; "
                    + "st.shared.b32 [%t3], %t2; add.u32 %t0, %t0, 128; bra FILL;\nFILLED: "
                    + "fence.proxy.async.shared::cta; bar.sync 0;\nmov.u32 %t0, %tid.x; ");
            for (int i = 0; i < numRegisters; i++) {
                text.append(start(i));
            }
            for (int i = 0; isInRegisters && i < 4; i++) {
                text.append(fragment(i));
            }
            text.append("mov.u64 %u1, ").append(layoutA.descriptor(A_AT)).append("; mov.u64 %u2, ")
                    .append(layoutB.descriptor(B_AT)).append("; ");
            // The variable's own address, wherever it lies.
            text.append("shr.u32 %t2, %t1, 4; cvt.u64.u32 %u3, %t2; add.u64 %u1, %u1, %u3; add.u64 %u2, %u2, %u3; ");
            text.append("setp.eq.u32 %q1, ").append(adds ? 0 : 1).append(", 0; wgmma.fence.sync.aligned; ");
            text.append("wgmma.mma_async.sync.aligned.m64n").append(n).append("k16.").append(result).append('.')
                    .append(type).append('.').append(type).append(" {").append(list(numRegisters)).append("}, ")
                    .append(isInRegisters ? "{%x0, %x1, %x2, %x3}" : "%u1").append(", %u2, %q1, ").append(signA)
                    .append(", ").append(signB);
            if (!isInRegisters) {
                text.append(", ").append(layoutA.isTransposed() ? 1 : 0);
            }
            text.append(", ").append(layoutB.isTransposed() ? 1 : 0)
                    .append("; wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0; mov.b32 %d, %r")
                    .append(register).append("; }");
            return warp(text.toString(), "b32", (in, lane) -> expected(register, lane)).after(image);
        }

        private static String list(int num) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < num; i++) {
                text.append(i == 0 ? "" : ", ").append("%r").append(i);
            }
            return text.toString();
        }

        /** D before, of the warp's rows, by arithmetic of small whole numbers; nothing if it is not added. */
        private String start(int register) {
            if (!adds) {
                return "";
            }
            boolean isHalf = result.equals("f16");
            int i = isHalf ? 2 * register : register;
            // row % 8 is lane / 4 in each half, column % 4 is lane % 2 * 2 + i % 2.
            StringBuilder text = new StringBuilder("and.b32 %t2, %t0, 31; shr.u32 %t3, %t2, 2; and.b32 %t2, %t2, 1; "
                    + "shl.b32 %t2, %t2, 1; sub.s32 %t3, %t3, %t2; ");
            if (isHalf) {
                text.append("{ .reg .b16 %h<2>; cvt.rn.f16.s32 %h0, %t3; sub.s32 %t3, %t3, 1; cvt.rn.f16.s32 %h1, %t3; "
                        + "mov.b32 %r" + register + ", {%h0, %h1}; } ");
            } else {
                text.append("sub.s32 %t3, %t3, " + (i & 1) + "; cvt.rn.f32.s32 %r" + register + ", %t3; ");
            }
            return text.toString();
        }

        /** Rows of A in registers come from the image, which is not what the instruction is asked to read. */
        private String fragment(int i) {
            Layout plain = layoutA;
            if (!plain.name().equals("swizzled 128")) {
                throw new IllegalStateException(plain.name());
            }
            // row = tid / 32 * 16 + lane / 4 + 8 * (i & 1), k = lane % 4 * 2 + 8 * (i >> 1)
            return "shr.u32 %t2, %t0, 5; shl.b32 %t2, %t2, 4; and.b32 %t3, %t0, 31; shr.u32 %t4, %t3, 2; "
                    + "add.u32 %t2, %t2, %t4; add.u32 %t2, %t2, " + 8 * (i & 1) + "; and.b32 %t3, %t3, 3; "
                    + "shl.b32 %t3, %t3, 2; add.u32 %t3, %t3, " + 16 * (i >> 1) + "; and.b32 %t4, %t2, 7; "
                    + "shl.b32 %t4, %t4, 4; xor.b32 %t3, %t3, %t4; mad.lo.u32 %t3, %t2, 128, %t3; "
                    + "add.u32 %t3, %t3, %t1; ld.shared.b32 %x" + i + ", [%t3]; ";
        }

        private long expected(int register, int lane) {
            if (result.equals("f32")) {
                return Form.i(element(lane / 4 + register / 2 % 2 * 8, register / 4 * 8 + lane % 4 * 2 + register % 2));
            }
            int row = lane / 4 + register % 2 * 8;
            int column = register / 2 * 8 + lane % 4 * 2;
            return Float.floatToFloat16(element(row, column)) & 0xFFFF
                    | (Float.floatToFloat16(element(row, column + 1)) & 0xFFFFL) << 16;
        }

        private float element(int row, int column) {
            int sum = adds ? before(row, column) : 0;
            for (int k = 0; k < K; k++) {
                sum += signA * signB * left(row, k) * right(k, column);
            }
            return sum;
        }
    }

    private static void stores(List<Form> forms) {
        for (int num : new int[] {1, 2, 4}) {
            for (String trans : List.of("", ".trans")) {
                for (int matrix = 0; matrix < num; matrix++) {
                    int of = matrix;
                    String registers = String.join(", ", List.of("%t4", "%t5", "%t6", "%t7").subList(0, num));
                    String give = ".shared .align 16 .b8 s[1024];\nmov.u32 %t0, s; mad.lo.u32 %t1, %lane, 32, %t0; "
                            + "mad.lo.u32 %t4, %lane, 0x20002, 0x10000; add.u32 %t5, %t4, 0x1000100; "
                            + "add.u32 %t6, %t5, 0x1000100; add.u32 %t7, %t6, 0x1000100; ";
                    // Each lane reads two columns of the row that it holds a part of, 32 bytes a row.
                    String take = " bar.sync 0; shr.u32 %t2, %lane, 2; add.u32 %t2, %t2, " + 8 * matrix
                            + "; mad.lo.u32 %t2, %t2, 32, %t0; and.b32 %t3, %lane, 3; mad.lo.u32 %t2, %t3, 4, %t2; "
                            + "ld.shared.b32 %d, [%t2];";
                    forms.add(warp(give + "stmatrix.sync.aligned.m8n8.x" + num + trans + ".shared"
                            + (num == 2 ? "::cta" : "") + ".b16 [%t1], {" + registers + "};" + take, "b32",
                            (in, lane) -> {
                                int row = lane / 4;
                                int column = lane % 4 * 2;
                                long low = trans.isEmpty() ? row * 8 + column : column * 8 + row;
                                long high = trans.isEmpty() ? row * 8 + column + 1 : (column + 1) * 8 + row;
                                return low + 0x100 * of | high + 0x100 * of << 16;
                            }));
                }
            }
        }
    }
}
