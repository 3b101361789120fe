package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.c;
import static io.penstock.emulator.exec.Form.f;
import static io.penstock.emulator.exec.Form.i;
import static io.penstock.emulator.exec.Form.warp;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Barriers in memory as 9.0 has them, bulk copies, fences of proxies, clusters of one block. */
final class AsyncForms {
    private static final String GLOBAL = ".global .align 16 .b8 all[1024];\n";

    /** Words %t1 of each lane and %t2 of its opposite one in shared memory, a barrier %t3; %q0 is lane 0. */
    private static final String START = ".shared .align 16 .b8 s[1024];\n.shared .align 8 .b64 bar;\n"
            + "mov.u32 %t0, s; mad.lo.u32 %t1, %lane, 4, %t0; xor.b32 %t2, %lane, 31; mad.lo.u32 %t2, %t2, 4, %t0; "
            + "mov.u32 %t3, bar; setp.eq.u32 %q0, %lane, 0; mov.u64 %u1, all; mad.wide.u32 %u2, %lane, 4, %u1; ";
    private static final String STORED = START + "st.shared.b32 [%t1], %a; ";
    private static final String LOADED = " ld.shared.b32 %d, [%t2];";
    private static final String PARITY = "\nAGAIN: mbarrier.try_wait.parity.shared::cta.b64 %q1, [%t3], 0; "
            + "@!%q1 bra AGAIN;\n";

    private AsyncForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        arrivals(forms);
        waits(forms);
        transactions(forms);
        loads(forms);
        stores(forms);
        reductions(forms);
        clusters(forms);
        hints(forms);
        return forms.stream();
    }

    private static String init(int count) {
        return "@%q0 mbarrier.init.shared::cta.b64 [%t3], " + count + "; fence.mbarrier_init.release.cluster; "
                + "bar.sync 0; ";
    }

    private static void opposite(List<Form> forms, String body) {
        forms.add(warp(body + LOADED, "b32 b32", (in, lane) -> in[0][31 - lane]).after(GLOBAL));
    }

    private static void arrivals(List<Form> forms) {
        for (String order : List.of("", ".release.cta", ".release.cluster")) {
            for (String space : List.of(".shared", ".shared::cta", ".shared::cluster")) {
                opposite(forms, STORED + init(32) + "mbarrier.arrive" + order + space + ".b64 _, [%t3];" + PARITY);
            }
            opposite(forms, STORED + init(32) + "mbarrier.arrive" + order + ".shared::cta.b64 %u0, [%t3]; "
                    + "\nAGAIN: mbarrier.try_wait.shared::cta.b64 %q1, [%t3], %u0; @!%q1 bra AGAIN;\n");
        }
        opposite(forms, STORED + init(96) + "mbarrier.arrive.shared::cta.b64 _, [%t3], 3;" + PARITY);
        opposite(forms, STORED + init(64) + "mbarrier.arrive_drop.noComplete.shared::cta.b64 %u0, [%t3], 1; "
                + "bar.sync 0; mbarrier.arrive_drop.shared::cta.b64 %u0, [%t3];" + PARITY);
        opposite(forms, STORED + init(32) + "cvt.u64.u32 %u3, %t3; cvta.shared.u64 %u3, %u3; "
                + "mbarrier.arrive.b64 _, [%u3];" + PARITY);
        // Who drops out is not waited for in the next phase.
        opposite(forms, STORED + init(33) + "@%q0 mbarrier.arrive_drop.shared::cta.b64 _, [%t3]; "
                + "mbarrier.arrive.shared::cta.b64 _, [%t3];" + PARITY + "mbarrier.arrive.shared::cta.b64 _, [%t3]; "
                + "\nMORE: mbarrier.test_wait.parity.shared::cta.b64 %q1, [%t3], 1; @!%q1 bra MORE;\n");
    }

    private static void waits(List<Form> forms) {
        String start = STORED + init(32) + "mbarrier.arrive.shared::cta.b64 %u0, [%t3];\nAGAIN: ";
        String end = " @!%q1 bra AGAIN;\n";
        for (String what : List.of("test_wait", "try_wait")) {
            for (String order : List.of("", ".acquire.cta", ".acquire.cluster")) {
                opposite(forms, start + "mbarrier." + what + order + ".shared::cta.b64 %q1, [%t3], %u0;" + end);
                opposite(forms, start + "mbarrier." + what + ".parity" + order + ".shared::cta.b64 %q1, [%t3], 0;"
                        + end);
            }
        }
        opposite(forms, start + "mbarrier.try_wait.parity.shared::cta.b64 %q1, [%t3], 0, 20000;" + end);
        // Before a phase is over, the one before it is; parity counts phases.
        forms.add(warp(STORED + init(32) + "mbarrier.test_wait.parity.shared::cta.b64 %q1, [%t3], 1; "
                + "mbarrier.test_wait.parity.shared::cta.b64 %q2, [%t3], 0; selp.u32 %t4, 1, 0, %q1; "
                + "selp.u32 %t5, 2, 0, %q2; or.b32 %d, %t4, %t5;", "u32 b32", (in, lane) -> 1).after(GLOBAL));
    }

    private static void transactions(List<Form> forms) {
        opposite(forms, STORED + init(32) + "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%t3], 8; "
                + "mbarrier.complete_tx.shared::cta.b64 [%t3], 8;" + PARITY);
        opposite(forms, STORED + init(32) + "mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%t3], 24; "
                + "mbarrier.complete_tx.relaxed.cluster.shared::cluster.b64 [%t3], 24; "
                + "mbarrier.arrive.shared::cta.b64 _, [%t3];" + PARITY);
        opposite(forms, STORED + init(32) + "mbarrier.arrive_drop.expect_tx.shared::cta.b64 %u0, [%t3], 16; "
                + "mbarrier.complete_tx.shared::cta.b64 [%t3], 16;" + PARITY);
        // Bytes may come before they are announced, while an arrival is missing.
        opposite(forms, STORED + init(32) + "mbarrier.complete_tx.shared::cta.b64 [%t3], 4; "
                + "mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 _, [%t3], 4;" + PARITY);
        forms.add(warp(STORED + init(32) + "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%t3], 8; "
                + "mbarrier.test_wait.parity.shared::cta.b64 %q1, [%t3], 0; selp.u32 %d, 1, 0, %q1; bar.sync 0; "
                + "mbarrier.complete_tx.shared::cta.b64 [%t3], 8;" + PARITY, "u32 b32", (in, lane) -> 0).after(GLOBAL));
    }

    private static void loads(List<Form> forms) {
        String fill = START + "st.global.b32 [%u2], %a; fence.proxy.async; " + init(1);
        String expect = "@%q0 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%t3], 128; ";
        String copy = "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes";
        for (String fence : List.of("fence.proxy.async", "fence.proxy.async.global")) {
            opposite(forms, fill.replace("fence.proxy.async", fence) + expect + "@%q0 " + copy
                    + " [%t0], [%u1], 128, [%t3];" + PARITY);
        }
        opposite(forms, fill + expect + "@%q0 " + copy.replace("shared::cluster", "shared::cta")
                + " [%t0], [%u1], 128, [%t3];" + PARITY);
        opposite(forms, fill + expect + "createpolicy.fractional.L2::evict_first.b64 %u3, 1.0; @%q0 " + copy
                + ".L2::cache_hint [%t0], [%u1], 128, [%t3], %u3;" + PARITY);
        opposite(forms, fill + expect + "@%q0 " + copy + ".multicast::cluster [%t0], [%u1], 128, [%t3], 1;" + PARITY);
        opposite(forms, fill + expect + "mov.u64 %u3, 0; @%q0 " + copy
                + ".multicast::cluster.L2::cache_hint [%t0], [%u1], 128, [%t3], 1, %u3;" + PARITY);
        opposite(forms, fill + expect + "@%q0 " + copy + " [%t0], [%u1], 48, [%t3]; @%q0 " + copy
                + " [%t0+48], [%u1+48], 80, [%t3];" + PARITY);
        opposite(forms, START + init(1) + expect + "bar.sync 0; mapa.shared::cluster.u32 %t4, %t1, 0; "
                + "mapa.shared::cluster.u32 %t5, %t3, 0; st.async.weak.shared::cluster.mbarrier::complete_tx::bytes."
                + "b32 [%t4], %a, [%t5];" + PARITY);
        forms.add(warp(START + init(1) + expect.replace("128", "256") + "bar.sync 0; mad.lo.u32 %t4, %lane, 8, %t0; "
                + "st.async.shared::cluster.mbarrier::complete_tx::bytes.v2.b32 [%t4], {%a, %b}, [%t3];" + PARITY
                + "ld.shared.b32 %d, [%t4+4];", "b32 b32 b32", (in, lane) -> in[1][lane]).after(GLOBAL));
        opposite(forms, START + "st.shared.b32 [%t1+512], %a; fence.proxy.async.shared::cta; " + init(1) + expect
                + "@%q0 cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%t0], [%t0+512], 128, "
                + "[%t3];" + PARITY);
    }

    private static void stores(List<Form> forms) {
        String end = " bar.sync 0; xor.b32 %t4, %lane, 31; mad.wide.u32 %u3, %t4, 4, %u1; ld.global.b32 %d, [%u3];";
        String copy = "@%q0 cp.async.bulk.global.shared::cta.bulk_group";
        for (String fence : List.of("fence.proxy.async", "fence.proxy.async.shared::cta",
                "fence.proxy.async.shared::cluster")) {
            forms.add(warp(STORED + fence + "; bar.sync 0; " + copy + " [%u1], [%t0], 128; "
                    + "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;" + end, "b32 b32",
                    (in, lane) -> in[0][31 - lane]).after(GLOBAL));
        }
        forms.add(warp(STORED + "fence.proxy.async; bar.sync 0; mov.u64 %u0, 0; " + copy
                + ".L2::cache_hint [%u1], [%t0], 128, %u0; cp.async.bulk.commit_group; "
                + "cp.async.bulk.wait_group.read 0; bar.sync 0; st.shared.b32 [%t1], 0; cp.async.bulk.wait_group 0;"
                + end, "b32 b32", (in, lane) -> in[0][31 - lane]).after(GLOBAL));
        // The last group may still be under way.
        forms.add(warp(STORED + "fence.proxy.async; bar.sync 0; " + copy + " [%u1], [%t0], 128; "
                + "cp.async.bulk.commit_group; " + copy + " [%u1+256], [%t0], 128; cp.async.bulk.commit_group; "
                + "cp.async.bulk.wait_group 1;" + end, "b32 b32", (in, lane) -> in[0][31 - lane]).after(GLOBAL));
    }

    private static void reductions(List<Form> forms) {
        String end = " cp.async.bulk.commit_group; cp.async.bulk.wait_group 0; bar.sync 0; ld.global.b32 %d, [%u2];";
        String start = STORED + "st.global.b32 [%u2], %b; fence.proxy.async; bar.sync 0; "
                + "@%q0 cp.reduce.async.bulk.global.shared::cta.bulk_group.";
        String to = " [%u1], [%t0], 128;" + end;
        forms.add(c(start + "add.u32" + to, "u32 u32 u32", (a, b, x) -> a + b).after(GLOBAL));
        forms.add(c(start + "max.s32" + to, "s32 s32 s32", (a, b, x) -> Math.max((int) a, (int) b)).after(GLOBAL));
        forms.add(c(start + "and.b32" + to, "b32 b32 b32", (a, b, x) -> a & b).after(GLOBAL));
        forms.add(c(start + "add.f32" + to, "f32 f32 f32", (a, b, x) -> i(f(a) + f(b))).after(GLOBAL));
    }

    private static void clusters(List<Form> forms) {
        for (String name : List.of("cluster_ctaid.x", "cluster_ctaid.y", "cluster_ctaid.z", "clusterid.x",
                "clusterid.y", "clusterid.z", "cluster_ctarank")) {
            forms.add(c("mov.u32 %d, %" + name + ";", "u32", (a, b, x) -> 0));
        }
        for (String name : List.of("cluster_nctaid.x", "cluster_nctaid.y", "cluster_nctaid.z", "nclusterid.x",
                "nclusterid.y", "nclusterid.z", "cluster_nctarank")) {
            forms.add(c("mov.u32 %d, %" + name + ";", "u32", (a, b, x) -> 1));
        }
        for (String order : List.of("", ".release")) {
            for (String aligned : List.of("", ".aligned")) {
                for (String wait : List.of("", ".acquire")) {
                    opposite(forms, STORED + "barrier.cluster.arrive" + order + aligned + "; barrier.cluster.wait"
                            + wait + aligned + ";");
                }
            }
        }
        forms.add(c("mov.pred %q1, %is_explicit_cluster; selp.u32 %d, 1, 0, %q1;", "u32", (a, b, x) -> 0));
        opposite(forms, STORED + "bar.sync 0; barrier.cluster.arrive.relaxed.aligned; barrier.cluster.wait.aligned;");
        String there = STORED + "bar.sync 0; mapa.shared::cluster.u32 %t4, %t2, 0; ";
        forms.add(warp(there + "ld.shared::cluster.b32 %d, [%t4];", "b32 b32", (in, lane) -> in[0][31 - lane])
                .after(GLOBAL));
        forms.add(c(START + "mapa.shared::cluster.u32 %t4, %t1, 0; st.shared::cluster.b32 [%t4], %a; "
                + "ld.shared.b32 %d, [%t1];", "b32 b32", (a, b, x) -> a).after(GLOBAL));
        forms.add(c(STORED + "mapa.shared::cluster.u32 %t4, %t1, 0; atom.shared::cluster.add.u32 %t5, [%t4], 5; "
                + "red.shared::cluster.add.u32 [%t4], 2; ld.shared.b32 %d, [%t1]; sub.u32 %d, %d, %t5;", "b32 b32",
                (a, b, x) -> 7).after(GLOBAL));
        forms.add(warp(STORED + "bar.sync 0; cvt.u64.u32 %u0, %t2; cvta.shared.u64 %u0, %u0; mapa.u64 %u3, %u0, 0; "
                + "ld.b32 %d, [%u3];", "b32 b32", (in, lane) -> in[0][31 - lane]).after(GLOBAL));
        forms.add(c(START + "mapa.shared::cluster.u32 %t4, %t1, 0; getctarank.shared::cluster.u32 %d, %t4;", "u32",
                (a, b, x) -> 0).after(GLOBAL));
        forms.add(c(START + "cvt.u64.u32 %u0, %t1; cvta.shared::cluster.u64 %u0, %u0; "
                + "isspacep.shared::cluster %q1, %u0; isspacep.shared::cta %q2, %u0; selp.u32 %t4, 1, 0, %q1; "
                + "selp.u32 %d, %t4, 0, %q2;", "u32", (a, b, x) -> 1).after(GLOBAL));
    }

    private static void hints(List<Form> forms) {
        String load = " ld.global.L2::cache_hint.b32 %d, [%u2], %u3;";
        String start = START + "st.global.b32 [%u2], %a; ";
        for (String policy : List.of("createpolicy.fractional.L2::evict_last.b64 %u3, 0.5;",
                "createpolicy.fractional.L2::evict_last.L2::evict_unchanged.b64 %u3;",
                "createpolicy.range.global.L2::evict_first.L2::evict_unchanged.b64 %u3, [%u1], 64, 1024;",
                "createpolicy.cvt.L2.b64 %u3, 0;")) {
            forms.add(c(start + policy + load, "b32 b32", (a, b, x) -> a).after(GLOBAL));
        }
        forms.add(c(START + "mov.u64 %u3, 0; st.global.L2::cache_hint.b32 [%u2], %a, %u3; "
                + "ld.global.L1::no_allocate.L2::cache_hint.b32 %d, [%u2], %u3;", "b32 b32", (a, b, x) -> a)
                .after(GLOBAL));
        forms.add(c(start + "cp.async.bulk.prefetch.L2.global [%u1], 128; mov.u64 %u3, 0; "
                + "cp.async.bulk.prefetch.L2.global.L2::cache_hint [%u1], 128, %u3; ld.global.b32 %d, [%u2];",
                "b32 b32", (a, b, x) -> a).after(GLOBAL));
        forms.add(c(start + "mov.u64 %u3, 0; atom.global.add.L2::cache_hint.u32 %d, [%u2], 5, %u3; "
                + "red.global.add.L2::cache_hint.u32 [%u2], 2, %u3; ld.global.b32 %t4, [%u2]; sub.u32 %d, %t4, %d;",
                "u32 b32", (a, b, x) -> 7).after(GLOBAL));
        forms.add(c("griddepcontrol.wait; griddepcontrol.launch_dependents; fence.proxy.alias; mov.b32 %d, %a;",
                "b32 b32", (a, b, x) -> a));
        // One lane is chosen, all know which, and it is the same one each time.
        forms.add(warp("elect.sync %t4|%q1, -1; setp.eq.u32 %q2, %t4, %lane; xor.pred %q2, %q1, %q2; "
                + "selp.u32 %d, 1, 0, %q2;", "u32", (in, lane) -> 0));
        forms.add(warp("elect.sync _|%q1, -1; vote.sync.ballot.b32 %t4, %q1, -1; popc.b32 %d, %t4;", "u32",
                (in, lane) -> 1));
        forms.add(warp("elect.sync %t4|%q1, -1; elect.sync %t5|%q1, -1; sub.u32 %d, %t4, %t5;", "u32",
                (in, lane) -> 0));
        forms.add(warp("mov.u32 %d, 9; setp.gt.u32 %q0, %lane, 19; @%q0 elect.sync %t4|%q1, 0xFFF00000; "
                + "@%q0 setp.gt.u32 %q1, %t4, 19; @%q0 selp.u32 %d, 1, 0, %q1;", "u32",
                (in, lane) -> lane < 20 ? 9 : 1));
    }
}
