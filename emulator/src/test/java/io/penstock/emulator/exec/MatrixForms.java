package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.i;
import static io.penstock.emulator.exec.Form.l;
import static io.penstock.emulator.exec.Form.warp;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Products and loads of matrices. Elements are small whole numbers, whose sums are exact in any order; where each lies
 * is put down here again, after the figures of the PTX manual.
 */
final class MatrixForms {
    /** An element by row and column. */
    private interface Element {
        long of(int row, int column);
    }

    private MatrixForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String type : List.of("f16", "bf16", "tf32", "s8", "u8")) {
            int width = Integer.parseInt(type.replaceAll("\\D+", ""));
            int k = type.equals("tf32") ? 4 : 128 / width;
            for (int depth : new int[] {k, 2 * k}) {
                for (int result = 0; result < 4; result++) {
                    product(forms, type, depth, result);
                }
            }
        }
        for (int result = 0; result < 2; result++) {
            doubles(forms, result);
            small(forms, result);
            halves(forms, result);
        }
        loads(forms);
        whole(forms);
        return forms.stream();
    }

    private static int bits(String type) {
        return type.equals("tf32") ? 32 : Integer.parseInt(type.replaceAll("\\D+", ""));
    }

    /** Small numbers of both signs that differ along rows and columns. */
    private static int a(int row, int column, String type) {
        int value = (row * 5 + column * 3) % 11 - 4;
        return type.equals("u8") ? Math.abs(value) : value;
    }

    private static int b(int row, int column, String type) {
        int value = (row * 7 + column * 2) % 9 - 3;
        return type.equals("u8") ? Math.abs(value) : value;
    }

    private static long encode(int value, String type) {
        return switch (type) {
            case "f16" -> Float.floatToFloat16(value) & 0xFFFF;
            case "bf16" -> Float.floatToRawIntBits(value) >>> 16;
            // The lower bits of a tf32 are not looked at.
            case "tf32" -> Float.floatToRawIntBits(value) & 0xFFFF_E000L | 0x123;
            default -> value & 0xFF;
        };
    }

    /** Code that leaves {@code element(lane)} of 32 lanes in a register, from a table. */
    private static String table(String name, int numRegisters, int perRegister, Place place, Element value) {
        StringBuilder text = new StringBuilder(".global .align 16 .b32 " + name + "[" + 32 * numRegisters + "] = {");
        for (int lane = 0; lane < 32; lane++) {
            for (int register = 0; register < numRegisters; register++) {
                long packed = 0;
                for (int part = 0; part < perRegister; part++) {
                    int[] at = place.of(lane, register * perRegister + part);
                    packed |= value.of(at[0], at[1]) << part * (32 / perRegister);
                }
                text.append(lane + register == 0 ? "" : ", ").append(packed & 0xFFFF_FFFFL);
            }
        }
        return text.append("};\n").toString();
    }

    /** Row and column of element i of a lane. */
    private interface Place {
        int[] of(int lane, int i);
    }

    private static String loaded(String name, int numRegisters, String register) {
        StringBuilder text = new StringBuilder(".reg .b32 ").append(register).append('<').append(numRegisters)
                .append(">;\nmov.u64 %u0, ").append(name).append("; mad.wide.u32 %u0, %lane, ")
                .append(4 * numRegisters).append(", %u0;\n");
        for (int r = 0; r < numRegisters; r++) {
            text.append("ld.global.b32 ").append(register).append(r).append(", [%u0+").append(4 * r).append("];\n");
        }
        return text.toString();
    }

    private static String vector(String register, int num) {
        StringBuilder text = new StringBuilder("{");
        for (int r = 0; r < num; r++) {
            text.append(r == 0 ? "" : ", ").append(register).append(r);
        }
        return text.append('}').toString();
    }

    private static long sum(int row, int column, int k, String type) {
        long sum = row - 3L * column;
        for (int j = 0; j < k; j++) {
            sum += (long) a(row, j, type) * b(j, column, type);
        }
        return sum;
    }

    /** 16 x 8 results: four to a lane, of which one is looked at. */
    private static void product(List<Form> forms, String type, int k, int result) {
        int per = 32 / bits(type);
        int numA = 16 * k / 32 / per;
        int numB = 8 * k / 32 / per;
        boolean isWhole = type.endsWith("8");
        String sums = isWhole ? "s32" : "f32";
        Place left = (lane, i) -> new int[] {lane / 4 + 8 * (i / per % 2),
            lane % 4 * per + i % per + 4 * per * (i / per / 2)};
        Place right = (lane, i) -> new int[] {lane % 4 * per + i % per + 4 * per * (i / per), lane / 4};
        Place result4 = (lane, i) -> new int[] {lane / 4 + 8 * (i / 2), lane % 4 * 2 + i % 2};
        String tables = table("as", numA, per, left, (row, column) -> encode(a(row, column, type), type))
                + table("bs", numB, per, right, (row, column) -> encode(b(row, column, type), type))
                + table("cs", 4, 1, result4, (row, column) -> isWhole ? row - 3L * column
                        : Float.floatToRawIntBits(row - 3 * column));
        String body = loaded("as", numA, "%ra") + loaded("bs", numB, "%rb") + loaded("cs", 4, "%rc")
                + "mma.sync.aligned.m16n8k" + k + ".row.col." + sums + "." + type + "." + type + "." + sums + " "
                + vector("%rc", 4) + ", " + vector("%ra", numA) + ", "
                + vector("%rb", numB) + ", " + vector("%rc", 4) + ";\nmov.b32 %d, %rc"
                + result + ";";
        forms.add(warp(body, "b32", (in, lane) -> {
            int[] at = result4.of(lane, result);
            long sum = sum(at[0], at[1], k, type);
            return isWhole ? sum : i(sum);
        }).after(tables));
    }

    /** float16 sums: two registers of pairs. */
    private static void halves(List<Form> forms, int result) {
        Place left = (lane, i) -> new int[] {lane / 4 + 8 * (i / 2 % 2), lane % 4 * 2 + i % 2 + 8 * (i / 4)};
        Place right = (lane, i) -> new int[] {lane % 4 * 2 + i % 2 + 8 * (i / 2), lane / 4};
        Place pairs = (lane, i) -> new int[] {lane / 4 + 8 * (i / 2), lane % 4 * 2 + i % 2};
        String tables = table("as", 4, 2, left, (row, column) -> encode(a(row, column, "f16"), "f16"))
                + table("bs", 2, 2, right, (row, column) -> encode(b(row, column, "f16"), "f16"))
                + table("cs", 2, 2, pairs, (row, column) -> encode(row - 3 * column, "f16"));
        String body = loaded("as", 4, "%ra") + loaded("bs", 2, "%rb") + loaded("cs", 2, "%rc")
                + "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 " + vector("%rc", 2) + ", " + vector("%ra", 4)
                + ", " + vector("%rb", 2) + ", " + vector("%rc", 2) + ";\nmov.b32 %d, %rc" + result + ";";
        forms.add(warp(body, "b32", (in, lane) -> {
            long low = sum(lane / 4 + 8 * result, lane % 4 * 2, 16, "f16");
            long high = sum(lane / 4 + 8 * result, lane % 4 * 2 + 1, 16, "f16");
            return encode((int) low, "f16") | encode((int) high, "f16") << 16;
        }).after(tables));
    }

    /** float64, 8 x 8 by 4: operands are the test's own, and the sum is fused in the order of k. */
    private static void doubles(List<Form> forms, int result) {
        String body = ".reg .f64 %x<4>;\ncvt.rn.f64.s32 %x0, %a; cvt.rn.f64.s32 %x1, %b; "
                + "mov.f64 %x2, 0d3FF0000000000000; mov.f64 %x3, 0d4000000000000000;\n"
                + "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%x2, %x3}, {%x0}, {%x1}, {%x2, %x3};\n"
                + "mov.b64 %d, %x" + (2 + result) + ";";
        forms.add(warp(body, "b64 s32 s32", (in, lane) -> {
            double sum = 1 + result;
            for (int j = 0; j < 4; j++) {
                int a = (int) in[0][lane / 4 * 4 + j];
                int b = (int) in[1][(lane % 4 * 2 + result) * 4 + j];
                sum = Math.fma(a, (double) b, sum);
            }
            return l(sum);
        }));
    }

    /** 8 x 8 by 16 of bytes, with and without saturation. */
    private static void small(List<Form> forms, int result) {
        for (String end : List.of("", ".satfinite")) {
            String body = ".reg .b32 %x<2>;\nmov.b32 %x0, %c; mov.b32 %x1, %c;\nmma.sync.aligned.m8n8k16.row.col" + end
                    + ".s32.s8.u8.s32 {%x0, %x1}, {%a}, {%b}, {%x0, %x1};\nmov.b32 %d, %x" + result + ";";
            forms.add(warp(body, "b32 b32 b32 s32", (in, lane) -> {
                long sum = (int) in[2][lane];
                for (int j = 0; j < 16; j++) {
                    sum += (byte) (in[0][lane / 4 * 4 + j / 4] >> 8 * (j % 4))
                            * (in[1][(lane % 4 * 2 + result) * 4 + j / 4] >> 8 * (j % 4) & 255);
                }
                return end.isEmpty() ? sum : Math.clamp(sum, Integer.MIN_VALUE, Integer.MAX_VALUE);
            }));
        }
    }

    /** Lane l's row of 16 bytes holds the operand of lane l four times, each plus its place. */
    private static void loads(List<Form> forms) {
        String fill = ".shared .align 16 .b8 s[512];\nmov.u32 %t0, s; mad.lo.u32 %t1, %lane, 16, %t0; "
                + "add.u32 %t2, %a, 1; add.u32 %t3, %a, 2; add.u32 %t4, %a, 3; "
                + "st.shared.v4.b32 [%t1], {%a, %t2, %t3, %t4}; bar.sync 0;\n.reg .b32 %x<4>;\n";
        for (int num : new int[] {1, 2, 4}) {
            for (int which = 0; which < num; which++) {
                int matrix = which;
                String body = "ldmatrix.sync.aligned.m8n8.x" + num + "@.shared.b16 " + vector("%x", num)
                        + ", [%t1]; mov.b32 %d, %x" + which + ";";
                forms.add(warp(fill + body.replace("@", ""), "b32 b32",
                        (in, lane) -> in[0][8 * matrix + lane / 4] + lane % 4));
                forms.add(warp(fill + body.replace("@", ".trans"), "b32 b32",
                        (in, lane) -> half(in[0], 8 * matrix + lane % 4 * 2, lane / 4)
                                | half(in[0], 8 * matrix + lane % 4 * 2 + 1, lane / 4) << 16));
            }
        }
        forms.add(warp("movmatrix.sync.aligned.m8n8.trans.b16 %d, %a;", "b32 b32", (in, lane) -> {
            long low = in[0][lane % 4 * 2 * 4 + lane / 8] >>> 16 * (lane / 4 % 2) & 0xFFFF;
            long high = in[0][(lane % 4 * 2 + 1) * 4 + lane / 8] >>> 16 * (lane / 4 % 2) & 0xFFFF;
            return low | high << 16;
        }));
    }

    private static long half(long[] values, int row, int column) {
        return values[row] + column / 2 >>> 16 * (column % 2) & 0xFFFF;
    }

    /** wmma, whose fragments only loads, products and stores together show. */
    private static void whole(List<Form> forms) {
        String tables = plain("as", 16, 16, "f16", (row, column) -> encode(a(row, column, "f16"), "f16"))
                + plain("bs", 16, 16, "f16", (row, column) -> encode(b(row, column, "f16"), "f16"));
        String load = ".reg .b32 %ra<8>;\n.reg .b32 %rb<8>;\n.reg .f32 %rc<8>;\n.shared .align 32 .b8 s[1024];\n"
                + "mov.u64 %u0, as; mov.u64 %u1, bs; mov.u32 %t0, s; mov.u32 %t1, 16;\n"
                + "wmma.load.a.sync.aligned.row.m16n16k16.global.f16 " + vector("%ra", 8) + ", [%u0], %t1;\n"
                + "wmma.load.b.sync.aligned.row.m16n16k16.global.f16 " + vector("%rb", 8) + ", [%u1], %t1;\n";
        StringBuilder zeros = new StringBuilder();
        for (int r = 0; r < 8; r++) {
            zeros.append("mov.f32 %rc").append(r).append(", 0f3F800000; ");
        }
        String product = "\nwmma.mma.sync.aligned.row.row.m16n16k16.f32.f32 " + vector("%rc", 8) + ", "
                + vector("%ra", 8) + ", " + vector("%rb", 8) + ", " + vector("%rc", 8) + ";\n";
        for (String order : List.of("row", "col")) {
            String store = "wmma.store.d.sync.aligned." + order + ".m16n16k16.shared.f32 [%t0], " + vector("%rc", 8)
                    + ", %t1; bar.sync 0; mad.lo.u32 %t2, %lane, 20, %t0; ld.shared.f32 %d, [%t2];";
            forms.add(warp(load + zeros + product + store, "f32", (in, lane) -> {
                int row = order.equals("row") ? lane * 5 / 16 : lane * 5 % 16;
                int column = order.equals("row") ? lane * 5 % 16 : lane * 5 / 16;
                return i(sum(row, column, 16, "f16") - (row - 3L * column) + 1);
            }).after(tables));
        }
    }

    private static String plain(String name, int rows, int columns, String type, Element value) {
        StringBuilder text = new StringBuilder(".global .align 32 .b16 " + name + "[" + rows * columns + "] = {");
        for (int at = 0; at < rows * columns; at++) {
            text.append(at == 0 ? "" : ", ").append(value.of(at / columns, at % columns));
        }
        return text.append("};\n").toString();
    }
}
