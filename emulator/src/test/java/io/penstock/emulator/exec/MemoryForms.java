package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.c;
import static io.penstock.emulator.exec.Form.warp;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Loads, stores, vectors, spaces, hints, tables, addresses, calls and special registers. */
final class MemoryForms {
    private static final String SHARED = ".shared .align 16 .b8 s[1024];\nmov.u32 %t0, s; ";
    private static final String LOCAL = ".local .align 16 .b8 own[64];\nmov.u32 %t0, own; ";
    private static final String GLOBAL = ".global .align 16 .b8 all[1024];\n";
    private static final String CONSTANTS = ".const .align 4 .u32 table[4] = {5, 0x10, 4294967295, 7};\n"
            + ".const .f32 half = 0f3F000000;\n.global .align 8 .u64 pointer = generic(numbers);\n"
            + ".global .align 2 .u16 numbers[3] = {1, 2, 65535};\n";

    private MemoryForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String type : List.of("b8", "u8", "s8", "b16", "u16", "s16", "b32", "u32", "s32", "b64", "u64", "s64")) {
            widths(forms, type);
        }
        forms.add(c(SHARED + "mad.lo.u32 %t0, %lane, 4, %t0; st.shared::cta.b32 [%t0], %a; "
                + "ld.shared::cta.b32 %d, [%t0];", "b32 b32", (a, b, x) -> a));
        for (String space : List.of("shared", "local", "global")) {
            vectors(forms, space);
        }
        hints(forms);
        tables(forms);
        addresses(forms);
        calls(forms);
        moves(forms);
        specials(forms);
        return forms.stream();
    }

    private static long extended(long bits, String type) {
        int width = Integer.parseInt(type.substring(1));
        long value = width == 64 ? bits : bits & (1L << width) - 1;
        return type.startsWith("s") ? value << 64 - width >> 64 - width : value;
    }

    /** A value to memory and back; 8 and 32 bits are extended to 64. */
    private static void widths(List<Form> forms, String type) {
        int width = Integer.parseInt(type.substring(1));
        int size = width / 8;
        String result = width == 64 ? "b64" : width == 16 ? "b16" : "b32";
        String turn = "mad.lo.u32 %t0, %lane, " + size + ", %t0; ";
        for (String space : List.of(SHARED + "@shared", LOCAL + "@local")) {
            String where = space.substring(space.indexOf('@') + 1);
            String start = space.substring(0, space.indexOf('@')) + (where.equals("shared") ? turn : "");
            forms.add(c(start + "st." + where + "." + type + " [%t0], %a; ld." + where + "." + type + " %d, [%t0];",
                    result + " " + (width == 8 ? "b32" : "b" + width), (a, b, x) -> extended(a, type)));
        }
        forms.add(c("mov.u64 %u0, all; mad.wide.u32 %u0, %lane, " + size + ", %u0; st.global." + type
                + " [%u0], %a; ld.global." + type + " %d, [%u0];",
                result + " " + (width == 8 ? "b32" : "b" + width), (a, b, x) -> extended(a, type)).after(GLOBAL));
    }

    private static void vectors(List<Form> forms, String space) {
        String start = switch (space) {
            case "shared" -> SHARED + "mad.lo.u32 %t0, %lane, 16, %t0; ";
            case "local" -> LOCAL;
            default -> "mov.u64 %u0, all; mad.wide.u32 %u0, %lane, 16, %u0; ";
        };
        String at = space.equals("global") ? "[%u0" : "[%t0";
        String kind = space + ".";
        forms.add(c(start + "st." + kind + "v2.b32 " + at + "], {%a, %b}; ld." + kind + "v2.u32 {%t1, %d}, " + at
                + "];", "b32 b32 b32", (a, b, x) -> b).after(GLOBAL));
        forms.add(c(start + "st." + kind + "v4.f32 " + at + "], {%a, %b, %c, %a}; ld." + kind
                + "v4.b32 {_, %d, _, %t1}, " + at + "];", "b32 b32 b32 b32", (a, b, x) -> b).after(GLOBAL));
        forms.add(c(start + "st." + kind + "v4.u32 " + at + "], {%a, %b, %c, 9}; ld." + kind + "b64 %d, " + at + "+8];",
                "b64 b32 b32 b32", (a, b, x) -> x | 9L << 32).after(GLOBAL));
        forms.add(c(start + "st." + kind + "v2.u64 " + at + "], {%a, %b}; ld." + kind + "v2.b64 {%u1, %u2}, " + at
                + "]; sub.u64 %d, %u2, %u1;", "b64 b64 b64", (a, b, x) -> b - a).after(GLOBAL));
        forms.add(c(start + "st." + kind + "v2.u16 " + at + "], {%a, %b}; ld." + kind + "b32 %d, " + at + "];",
                "b32 b16 b16", (a, b, x) -> a | b << 16).after(GLOBAL));
        forms.add(c(start + "st." + kind + "v4.u8 " + at + "+4], {%a, %b, %c, %a}; ld." + kind + "u32 %d, " + at
                + "+4];", "b32 b32 b32 b32", (a, b, x) -> a & 255 | (b & 255) << 8 | (x & 255) << 16 | (a & 255) << 24)
                .after(GLOBAL));
    }

    private static void hints(List<Form> forms) {
        String start = "mov.u64 %u0, all; mad.wide.u32 %u0, %lane, 4, %u0; ";
        for (String hint : List.of("ca", "cg", "cs", "lu", "cv", "nc", "L1::no_allocate", "nc.L1::no_allocate.L2::128B",
                "L1::evict_last", "L2::64B")) {
            String before = hint.startsWith("nc") ? "" : "st.global.b32 [%u0], %a; ";
            String load = "ld.global." + hint + ".b32 %d, [%u0];";
            forms.add(before.isEmpty()
                    ? c("mov.u64 %u0, numbers; " + load, "b32", (a, b, x) -> 0x0002_0001).after(CONSTANTS
                            .replace(".align 2 .u16", ".align 4 .u16"))
                    : c(start + before + load, "b32 b32", (a, b, x) -> a).after(GLOBAL));
        }
        for (String hint : List.of("wb", "cg", "cs", "wt", "L1::no_allocate")) {
            forms.add(c(start + "st.global." + hint + ".b32 [%u0], %a; ld.global.b32 %d, [%u0];", "b32 b32",
                    (a, b, x) -> a).after(GLOBAL));
        }
        forms.add(c("mov.u64 %u0, numbers; ldu.global.u16 %d, [%u0+4];", "b16", (a, b, x) -> 65535).after(CONSTANTS));
        for (String order : List.of("volatile", "relaxed.gpu", "relaxed.sys", "mmio.relaxed.sys")) {
            forms.add(c(start + "st." + order + ".global.b32 [%u0], %a; ld." + order + ".global.b32 %d, [%u0];",
                    "b32 b32", (a, b, x) -> a).after(GLOBAL));
        }
        forms.add(c(start + "st.release.cta.global.b32 [%u0], %a; ld.acquire.cta.global.b32 %d, [%u0];", "b32 b32",
                (a, b, x) -> a).after(GLOBAL));
        forms.add(c("mov.u64 %u0, all; prefetch.global.L2 [%u0]; prefetchu.L1 [%u0]; pmevent 3; nanosleep.u32 20; "
                + "applypriority.global.L2::evict_normal [%u0], 128; discard.global.L2 [%u0], 128; mov.b32 %d, %a;",
                "b32 b32", (a, b, x) -> a)
                .after(GLOBAL));
    }

    private static void tables(List<Form> forms) {
        long[] table = {5, 0x10, 0xFFFF_FFFFL, 7};
        forms.add(c("and.b32 %t0, %a, 3; mul.wide.u32 %u0, %t0, 4; mov.u64 %u1, table; add.u64 %u0, %u0, %u1; "
                + "ld.const.u32 %d, [%u0];", "u32 b32", (a, b, x) -> table[(int) a & 3]).after(CONSTANTS));
        forms.add(c("ld.const.u32 %d, [table+8];", "u32", (a, b, x) -> 0xFFFF_FFFFL).after(CONSTANTS));
        forms.add(c("ld.const.f32 %d, [half];", "f32", (a, b, x) -> 0x3F00_0000).after(CONSTANTS));
        forms.add(c("ld.global.u64 %u0, [pointer]; ld.global.s16 %d, [%u0+4];", "b32", (a, b, x) -> -1)
                .after(CONSTANTS));
    }

    private static void addresses(List<Form> forms) {
        String toGeneric = "cvt.u64.u32 %u0, %t0; cvta.shared.u64 %u0, %u0; ";
        forms.add(c(SHARED + "mad.lo.u32 %t0, %lane, 4, %t0; " + toGeneric
                + "st.b32 [%u0], %a; ld.shared.b32 %d, [%t0];", "b32 b32", (a, b, x) -> a));
        forms.add(c(SHARED + "mad.lo.u32 %t0, %lane, 4, %t0; st.shared.b32 [%t0], %a; " + toGeneric
                + "cvta.to.shared.u64 %u1, %u0; ld.shared.b32 %d, [%u1];", "b32 b32", (a, b, x) -> a));
        forms.add(c(".local .align 4 .b32 own;\nmov.u64 %u1, own; cvta.local.u64 %u0, %u1; st.u32 [%u0], %a; "
                + "cvta.to.local.u64 %u2, %u0; ld.local.u32 %d, [%u2];", "b32 b32", (a, b, x) -> a));
        forms.add(c("mov.u64 %u1, numbers; cvta.global.u64 %u0, %u1; cvta.to.global.u64 %u0, %u0; ld.u16 %d, [%u0+2];",
                "b16", (a, b, x) -> 2).after(CONSTANTS));
        for (String space : List.of("shared", "local", "global")) {
            String ask = "isspacep." + space + " %q0, %u0; selp.u32 %d, 1, 0, %q0;";
            forms.add(c(SHARED + toGeneric + ask, "u32", (a, b, x) -> space.equals("shared") ? 1 : 0));
            forms.add(c(".local .align 4 .b32 own;\ncvta.local.u64 %u0, own; " + ask, "u32",
                    (a, b, x) -> space.equals("local") ? 1 : 0));
            forms.add(c("cvta.global.u64 %u0, numbers; " + ask, "u32", (a, b, x) -> space.equals("global") ? 1 : 0)
                    .after(CONSTANTS));
        }
    }

    private static void calls(List<Form> forms) {
        String twice = ".func (.param .b32 r) twice(.param .b32 p, .param .b32 q) {\n.reg .b32 %x, %y;\n"
                + "ld.param.b32 %x, [p];\nld.param.b32 %y, [q];\nmad.lo.u32 %x, %x, 2, %y;\n"
                + "st.param.b32 [r], %x;\nret;\n}\n.func (.param .b32 r) thrice(.param .b32 p, .param .b32 q) {\n"
                + ".reg .b32 %x, %y;\nld.param.b32 %x, [p];\nld.param.b32 %y, [q];\nmad.lo.u32 %x, %x, 3, %y;\n"
                + "st.param.b32 [r], %x;\nret;\n}\n";
        String pass = "{ .param .b32 p0; .param .b32 p1; .param .b32 r0; st.param.b32 [p0+0], %a; "
                + "st.param.b32 [p1+0], %b; ";
        String take = " ld.param.b32 %d, [r0+0]; }";
        forms.add(c(pass + "call.uni (r0), twice, (p0, p1);" + take, "b32 b32 b32",
                (a, b, x) -> 2 * a + b).after(twice));
        forms.add(c("setp.lt.s32 %q0, %a, 0; mov.u64 %u0, twice; @%q0 mov.u64 %u0, thrice;\n" + pass
                + "proto: .callprototype (.param .b32 _) _ (.param .b32 _, .param .b32 _);\n"
                + "call (r0), %u0, (p0, p1), proto;" + take, "b32 b32 b32",
                (a, b, x) -> ((int) a < 0 ? 3 : 2) * a + b).after(twice));
        forms.add(c("and.b32 %t0, %a, 3; mov.u32 %d, 50;\nways: .branchtargets W0, W1, W2, W0;\nbrx.idx %t0, ways;\n"
                + "W0: add.u32 %d, %d, 7; bra.uni OUT;\nW1: add.u32 %d, %d, %b;\nW2: add.u32 %d, %d, 1;\nOUT:",
                "u32 b32 b32", (a, b, x) -> switch ((int) a & 3) {
                    case 1 -> 51 + b;
                    case 2 -> 51;
                    default -> 57;
                }));
        forms.add(c("mov.u32 %d, 0; and.b32 %t0, %a, 15;\nAGAIN: setp.eq.u32 %q0, %t0, 0; @%q0 bra DONE;\n"
                + "add.u32 %d, %d, %t0; sub.u32 %t0, %t0, 1; bra AGAIN;\nDONE:", "u32 b32",
                (a, b, x) -> (a & 15) * ((a & 15) + 1) / 2));
        forms.add(c("ld.param::entry.u64 %u0, [p0]; " + pass.replace("param.b32 [p0", "param::func.b32 [p0")
                + "call.uni (r0), twice, (p0, p1);" + take, "b32 b32 b32", (a, b, x) -> 2 * a + b).after(twice));
        String print = ".extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 v);\n";
        forms.add(c("{ .param .b64 f0; .param .b64 v0; .param .b32 r0; st.param.b64 [f0], 0; st.param.b64 [v0], 0; "
                + "call.uni (r0), vprintf, (f0, v0); ld.param.b32 %d, [r0]; }", "u32", (a, b, x) -> 0).after(print));
    }

    private static void moves(List<Form> forms) {
        forms.add(c("mov.b32 %d, {%a, %b};", "b32 b16 b16", (a, b, x) -> a | b << 16));
        forms.add(c("{ .reg .b16 %h<2>; mov.b32 {%h0, %h1}, %a; mov.b32 %d, {%h1, %h0}; }", "b32 b32",
                (a, b, x) -> a >>> 16 | a << 16));
        forms.add(c("{ .reg .b16 %h<4>; mov.b64 {%h0, %h1, %h2, %h3}, %a; mov.b64 %d, {%h3, %h2, %h1, %h0}; }",
                "b64 b64", (a, b, x) -> a >>> 48 | a >>> 16 & 0xFFFF_0000L | (a & 0xFFFF_0000L) << 16 | a << 48));
        forms.add(c("mov.b64 {_, %t0}, %a; mov.b32 %d, %t0;", "b32 b64", (a, b, x) -> a >>> 32));
        forms.add(c("mov.f32 %d, 0fC0490FDB;", "f32", (a, b, x) -> 0xC049_0FDBL));
        forms.add(c("mov.f64 %d, 0d400921FB54442D18;", "f64", (a, b, x) -> 0x4009_21FB_5444_2D18L));
        forms.add(c("mov.f32 %d, 1.5;", "f32", (a, b, x) -> 0x3FC0_0000));
        forms.add(c("mov.b16 %d, -2;", "b16", (a, b, x) -> 0xFFFE));
        forms.add(c("mov.u32 %d, WARP_SZ;", "u32", (a, b, x) -> 32));
        forms.add(c("setp.lt.s32 %q0, %a, 0; mov.u32 %d, 1; @%q0 mov.u32 %d, 2; @!%q0 add.u32 %d, %d, 4;", "u32 b32",
                (a, b, x) -> (int) a < 0 ? 2 : 5));
    }

    private static void special(List<Form> forms, String name, Form.Expected expected) {
        forms.add(warp("mov.u32 %d, %" + name + ";", "u32", expected));
    }

    private static void specials(List<Form> forms) {
        special(forms, "tid.x", (in, lane) -> lane);
        special(forms, "laneid", (in, lane) -> lane);
        for (String name : List.of("tid.y", "tid.z", "ctaid.x", "ctaid.y", "ctaid.z", "warpid", "dynamic_smem_size",
                "total_smem_size")) {
            special(forms, name, (in, lane) -> 0);
        }
        special(forms, "ntid.x", (in, lane) -> 32);
        for (String name : List.of("ntid.y", "ntid.z", "nctaid.x", "nctaid.y", "nctaid.z")) {
            special(forms, name, (in, lane) -> 1);
        }
        special(forms, "lanemask_eq", (in, lane) -> 1L << lane);
        special(forms, "lanemask_lt", (in, lane) -> 0xFFFF_FFFFL >>> 1 >>> 31 - lane);
        special(forms, "lanemask_le", (in, lane) -> 0xFFFF_FFFFL >>> 31 - lane);
        special(forms, "lanemask_gt", (in, lane) -> 0xFFFF_FFFEL << lane);
        special(forms, "lanemask_ge", (in, lane) -> 0xFFFF_FFFFL << lane);
        for (String pair : List.of("smid nsmid", "warpid nwarpid")) {
            String[] names = pair.split(" ");
            forms.add(c("mov.u32 %t0, %" + names[0] + "; mov.u32 %t1, %" + names[1]
                    + "; setp.lt.u32 %q0, %t0, %t1; selp.u32 %d, 1, 0, %q0;", "u32", (a, b, x) -> 1));
        }
        forms.add(c("mov.u32 %t0, %envreg1; mov.u32 %t1, %envreg2; mov.u64 %u0, %gridid; cvt.u32.u64 %d, %u0;", "u32",
                (a, b, x) -> 1));
        forms.add(c("mov.u32 %t0, %reserved_smem_offset_begin; mov.u32 %t1, %reserved_smem_offset_0; "
                + "mov.u32 %t2, %reserved_smem_offset_1; mov.u32 %t3, %reserved_smem_offset_end; "
                + "mov.u32 %t4, %reserved_smem_offset_cap; setp.le.u32 %q0, %t0, %t1; "
                + "setp.lt.and.u32 %q0, %t1, %t2, %q0; setp.lt.and.u32 %q0, %t2, %t3, %q0; "
                + "setp.le.and.u32 %q0, %t3, %t4, %q0; "
                + "selp.u32 %d, 1, 0, %q0;",
                "u32", (a, b, x) -> 1));
        for (String clock : List.of("clock64", "globaltimer")) {
            forms.add(c("mov.u64 %u0, %" + clock + "; nanosleep.u32 5; mov.u64 %u1, %" + clock
                    + "; setp.lt.u64 %q0, %u0, %u1; selp.u32 %d, 1, 0, %q0;", "u32", (a, b, x) -> 1));
        }
        for (String clock : List.of("clock_hi", "globaltimer_hi")) {
            special(forms, clock, (in, lane) -> 0);
        }
        for (String clock : List.of("clock", "globaltimer_lo")) {
            forms.add(c("mov.u32 %t0, %" + clock + "; nanosleep.u32 5; mov.u32 %t1, %" + clock
                    + "; setp.lt.u32 %q0, %t0, %t1; selp.u32 %d, 1, 0, %q0;", "u32", (a, b, x) -> 1));
        }
    }
}
