package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.c;
import static io.penstock.emulator.exec.Form.warp;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Barriers, fences, barriers in memory, asynchronous copies. */
final class BlockForms {
    private static final String TURN = ".shared .align 16 .b8 s[1024];\n.shared .align 8 .b64 bar;\n"
            + "mov.u32 %t0, s; mad.lo.u32 %t1, %lane, 4, %t0; xor.b32 %t2, %lane, 31; mad.lo.u32 %t2, %t2, 4, %t0; ";
    private static final String STORED = TURN + "st.shared.b32 [%t1], %a; ";
    private static final String LOADED = " ld.shared.b32 %d, [%t2];";

    private BlockForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String wait : List.of("bar.sync 0;", "bar.sync 3, 32;", "barrier.sync 1;", "barrier.sync.aligned 15, 32;",
                "bar.cta.sync 0;", "bar.warp.sync -1;", "bar.arrive 2, 64; bar.sync 2, 64;")) {
            forms.add(warp(STORED + wait + LOADED, "b32 b32", (in, lane) -> in[0][31 - lane]));
        }
        reductions(forms);
        fences(forms);
        memoryBarriers(forms);
        copies(forms);
        return forms.stream();
    }

    private static int numNegative(long[] values) {
        int num = 0;
        for (long each : values) {
            num += (int) each < 0 ? 1 : 0;
        }
        return num;
    }

    private static void reductions(List<Form> forms) {
        String vote = "setp.lt.s32 %q0, %a, 0; ";
        String end = " selp.u32 %d, 1, 0, %q1;";
        forms.add(warp(vote + "bar.red.popc.u32 %d, 0, %q0;", "u32 b32", (in, lane) -> numNegative(in[0])));
        forms.add(warp(vote + "bar.red.popc.u32 %d, 1, 32, !%q0;", "u32 b32", (in, lane) -> 32 - numNegative(in[0])));
        forms.add(warp(vote + "bar.red.or.pred %q1, 0, %q0;" + end, "u32 b32",
                (in, lane) -> numNegative(in[0]) > 0 ? 1 : 0));
        forms.add(warp(vote + "barrier.red.and.aligned.pred %q1, 0, %q0;" + end, "u32 b32",
                (in, lane) -> numNegative(in[0]) == 32 ? 1 : 0));
        forms.add(warp("setp.eq.b32 %q0, %a, %a; bar.red.and.pred %q1, 4, 32, %q0;" + end, "u32 b32",
                (in, lane) -> 1));
        forms.add(warp("setp.ne.b32 %q0, %a, %a; barrier.red.or.pred %q1, 4, %q0;" + end, "u32 b32",
                (in, lane) -> 0));
    }

    private static void fences(List<Form> forms) {
        for (String fence : List.of("membar.cta", "membar.gl", "membar.sys", "fence.sc.cta", "fence.acq_rel.gpu",
                "fence.acq_rel.sys")) {
            forms.add(warp(STORED + fence + "; bar.sync 0;" + LOADED, "b32 b32", (in, lane) -> in[0][31 - lane]));
        }
    }

    private static void memoryBarriers(List<Form> forms) {
        String start = STORED + "setp.eq.u32 %q0, %lane, 0; mov.u32 %t3, bar; "
                + "@%q0 mbarrier.init.shared.b64 [%t3], 32; bar.sync 0; ";
        String wait = "\nAGAIN: mbarrier.test_wait.shared.b64 %q1, [%t3], %u0; @!%q1 bra AGAIN;\n";
        forms.add(warp(start + "mbarrier.arrive.shared.b64 %u0, [%t3];" + wait + LOADED, "b32 b32",
                (in, lane) -> in[0][31 - lane]));
        forms.add(warp(start + "mbarrier.arrive.shared.b64 _, [%t3];"
                + "\nAGAIN: mbarrier.test_wait.parity.shared.b64 %q1, [%t3], 0; @!%q1 bra AGAIN;\n" + LOADED,
                "b32 b32", (in, lane) -> in[0][31 - lane]));
        forms.add(warp(start + "mbarrier.arrive_drop.shared.b64 %u0, [%t3];" + wait + LOADED
                + " bar.sync 0; @%q0 mbarrier.inval.shared.b64 [%t3];", "b32 b32", (in, lane) -> in[0][31 - lane]));
        String two = STORED + "setp.eq.u32 %q0, %lane, 0; mov.u32 %t3, bar; "
                + "@%q0 mbarrier.init.shared.b64 [%t3], 64; bar.sync 0; ";
        forms.add(warp(two + "mbarrier.arrive.noComplete.shared.b64 _, [%t3], 1; mbarrier.arrive.shared.b64 %u0, [%t3];"
                + wait + LOADED, "b32 b32", (in, lane) -> in[0][31 - lane]));
        forms.add(warp(two + "bar.sync 0; setp.eq.u32 %q2, %lane, 5; mov.u64 %u0, 0; "
                + "@%q2 mbarrier.arrive.shared.b64 %u0, [%t3]; mbarrier.pending_count.b64 %d, %u0;", "u32 b32",
                (in, lane) -> lane == 5 ? 64 : 0));
        for (String noinc : List.of("", ".noinc")) {
            String count = noinc.isEmpty() ? "mbarrier.arrive.shared.b64 %u0, [%t3];" : "mov.u64 %u0, 0;";
            forms.add(warp(TURN + "mov.u64 %u1, all; mad.wide.u32 %u1, %lane, 4, %u1; "
                    + "setp.eq.u32 %q0, %lane, 0; mov.u32 %t3, bar; "
                    + "@%q0 mbarrier.init.shared.b64 [%t3], 32; bar.sync 0; st.global.b32 [%u1], %a; "
                    + "cp.async.ca.shared.global [%t1], [%u1], 4; cp.async.mbarrier.arrive" + noinc
                    + ".shared.b64 [%t3]; " + count + wait + LOADED, "b32 b32",
                    (in, lane) -> in[0][31 - lane]).after(".global .align 16 .b8 all[1024];\n"));
        }
    }

    private static void copies(List<Form> forms) {
        String numbers = ".global .align 16 .b8 all[1024];\n";
        for (int size : new int[] {4, 8, 16}) {
            String width = "b32";
            String start = ".shared .align 16 .b8 s[1024];\nmov.u32 %t0, s; mad.lo.u32 %t1, %lane, " + size
                    + ", %t0; mov.u64 %u0, all; mad.wide.u32 %u0, %lane, " + size + ", %u0; ";
            StringBuilder fill = new StringBuilder(start);
            for (int at = 0; at < size; at += 4) {
                fill.append("st.global.").append(width).append(" [%u0+").append(at).append("], %a; ");
            }
            String last = " ld.shared.b32 %d, [%t1+" + (size - 4) + "];";
            for (String kind : size == 16 ? List.of("ca", "cg", "cg.L2::128B") : List.of("ca", "ca.L2::64B")) {
                String copy = "cp.async." + kind.replaceFirst("^(c.)", "$1.shared.global") + " [%t1], [%u0], " + size;
                forms.add(c(fill + copy + "; cp.async.wait_all;" + last, "b32 b32", (a, b, x) -> a).after(numbers));
                forms.add(c(fill + copy + "; cp.async.commit_group; cp.async.wait_group 0;" + last, "b32 b32",
                        (a, b, x) -> a).after(numbers));
                forms.add(c(fill + copy + ", 0; cp.async.wait_all;" + last, "b32 b32", (a, b, x) -> 0).after(numbers));
                forms.add(c(fill + "setp.lt.s32 %q0, %a, 0; " + copy + ", %q0; cp.async.wait_all;" + last, "b32 b32",
                        (a, b, x) -> (int) a < 0 ? 0 : a).after(numbers));
            }
        }
        forms.add(c(".shared .align 16 .b8 s[1024];\nmov.u32 %t0, s; mad.lo.u32 %t1, %lane, 16, %t0; "
                + "mov.u64 %u0, all; mad.wide.u32 %u0, %lane, 16, %u0; st.global.v4.b32 [%u0], {%a, %a, %a, %a}; "
                + "and.b32 %t2, %b, 3; shl.b32 %t3, %t2, 2; cp.async.cg.shared.global [%t1], [%u0], 16, %t3; "
                + "cp.async.commit_group; cp.async.wait_group 0; ld.shared.b32 %d, [%t1+4];", "b32 b32 b32",
                (a, b, x) -> (b & 3) >= 2 ? a : 0).after(numbers));
        forms.add(c(".shared .align 16 .b8 s[1024];\nmov.u32 %t0, s; mad.lo.u32 %t1, %lane, 8, %t0; "
                + "mov.u64 %u0, all; mad.wide.u32 %u0, %lane, 8, %u0; st.global.v2.b32 [%u0], {%a, %b}; "
                + "cp.async.ca.shared.global [%t1], [%u0], 4; cp.async.commit_group; "
                + "cp.async.ca.shared.global [%t1+4], [%u0+4], 4; cp.async.commit_group; cp.async.wait_group 1; "
                + "ld.shared.b32 %t2, [%t1]; cp.async.wait_group 0; ld.shared.b32 %t3, [%t1+4]; sub.u32 %d, %t2, %t3;",
                "b32 b32 b32", (a, b, x) -> a - b).after(numbers));
    }
}
