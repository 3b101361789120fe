package io.penstock.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.FaultKind;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** PTX that is not executed here: it says so by name, and never gives a wrong result. */
class RefusedFormsTest {
    static Stream<String> forms() {
        return Stream.of(
                "mov.b128 %u0, {%u1, %u2};",
                "vadd.s32.s32.s32 %d, %a, %b;",
                "vadd4.u32.u32.u32 %d.b0, %a, %b, %a;",
                "lop3.or.b32 %d|%q0, %a, %b, %a, 3, %q1;",
                "add.sat.u16x2 %d, %a, %b;",
                "min.f32 %d, %a, %b, %a;",
                "max.s32 %d, %a, %b, %a;",
                "set.lt.and.u32.f16x2 %d, %a, %b, %q0;",
                "cvt.rn.satfinite.e4m3x2.f32 %d, %a, %b;",
                "cvt.pack.sat.u4.s32.b32 %d, %a, %b, %a;",
                "atom.global.add.v2.f32 {%t0, %t1}, [%at1], {%a, %b};",
                "red.global.add.v2.f32 [%at1], {%a, %b};",
                "atom.global.min.f32 %d, [%at1], %a;",
                "cp.async.ca.shared.global [%t0], [%at1], %t1;",
                "cp.async.bulk.tensor.1d.shared::cluster.global.mbarrier::complete_tx::bytes [%t0], [%at1, {%t1}], "
                        + "[%t2];",
                "cp.async.bulk.global.shared::cta.bulk_group.cp_mask [%at1], [%t0], 16, %t1;",
                "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes.ignore_oob [%t0], [%at1], 16, 0, 0, "
                        + "[%t1];",
                "cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.add.u32 "
                        + "[%t0], [%t1], 16, [%t2];",
                "cp.async.bulk.wait_group %t1;",
                "red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.add.u32 [%t0], %t1, [%t2];",
                "fence.proxy.tensormap::generic.release.gpu;",
                "wgmma.mma_async.sync.aligned.m64n8k8.f32.tf32.tf32 {%t0, %t1, %t2, %t3}, %u0, %u1, 1, 1, 1;",
                "wgmma.mma_async.sp.sync.aligned.m64n8k32.f32.bf16.bf16 {%t0, %t1, %t2, %t3}, %u0, %u1, %t4, 0, 1, 1, "
                        + "1, 0, 0;",
                "wgmma.mma_async.sync.aligned.m64n8k16.f16.bf16.bf16 {%t0, %t1}, %u0, %u1, 1, 1, 1, 0, 0;",
                "stmatrix.sync.aligned.m16n8.x1.trans.shared.b8 [%t0], {%t1};",
                "cp.async.wait_group %t1;",
                "bar.red.popc.u32 %d, 0, 1;",
                "shfl.up.b32 %d, %a, 1, 0;",
                "vote.all.pred %q0, %q1;",
                "redux.sync.min.f32 %d, %a, -1;",
                "mma.sp.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32 {%t0,%t1,%t2,%t3}, {%t0,%t1,%t2,%t3}, "
                        + "{%t0,%t1,%t2,%t3}, {%t0,%t1,%t2,%t3}, %t4, 0;",
                "mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32 {%t0}, {%t1}, {%t2}, {%t3};",
                "mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.and.popc {%t0,%t1,%t2,%t3}, {%t0,%t1,%t2,%t3}, "
                        + "{%t0,%t1}, {%t0,%t1,%t2,%t3};",
                "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%t0, %t1}, [%t2];",
                "wmma.load.a.sync.aligned.row.m8n8k128.global.b1 {%t0}, [%at1];",
                "tex.1d.v4.f32.s32 {%t0,%t1,%t2,%t3}, [%u0, {%t4}];",
                "call.uni nowhere;");
    }

    @ParameterizedTest
    @MethodSource("forms")
    void saysSo(String body) {
        Lanes.Run run = Lanes.run(".extern .func nowhere;\n", "mov.b32 %d, 0; mov.u32 %t0, 0; mov.u64 %u0, 0;\n" + body,
                "b32", new String[] {"b32", "b32"}, new long[2][32]);
        assertEquals(1, run.faults().size(), () -> run.faults().toString());
        Fault fault = run.faults().getFirst();
        assertEquals(FaultKind.UNSUPPORTED, fault.kind(), fault::toString);
        assertTrue(fault.message().contains("not supported"), fault::message);
        assertTrue(fault.place().line() > 0, fault::toString);
        assertTrue(!fault.message().contains("\n"), fault::message);
    }

    static Stream<String> ends() {
        return Stream.of("trap;", "brkpt;",
                "{ .param .b64 m; .param .b64 f; .param .b32 l; .param .b64 n; .param .b64 s; st.param.b64 [m], 0; "
                        + "st.param.b64 [f], 0; st.param.b32 [l], 0; st.param.b64 [n], 0; st.param.b64 [s], 1; "
                        + "call.uni __assertfail, (m, f, l, n, s); }");
    }

    /** A kernel that stops itself is heard. */
    @ParameterizedTest
    @MethodSource("ends")
    void stops(String body) {
        Lanes.Run run = Lanes.run(".extern .func __assertfail(.param .b64 m, .param .b64 f, .param .b32 l, "
                + ".param .b64 n, .param .b64 s);\n", "mov.b32 %d, 0; " + body, "b32", new String[0], new long[0][]);
        assertEquals(1, run.faults().size(), () -> run.faults().toString());
    }

    /** Threads that leave early leave nothing behind. */
    @ParameterizedTest
    @MethodSource("leaving")
    void leaves(String how) {
        Lanes.Run run = Lanes.run("setp.gt.u32 %q0, %lane, 20; mov.u32 %d, 7; @%q0 " + how + ";", "b32",
                new String[0], new long[0][]);
        assertEquals(0, run.faults().size(), () -> run.faults().toString());
        for (int lane = 0; lane < 32; lane++) {
            assertEquals(lane > 20 ? 0 : 7, run.results()[lane]);
        }
    }

    static Stream<String> leaving() {
        return Stream.of("ret", "exit", "ret.uni");
    }
}
