package io.penstock.device.cuda;

/** Small PTX modules. */
final class PtxTexts {
    static final String COPY = """
            .version 8.0
            .target sm_80
            .address_size 64
            .visible .entry copy(.param .u64 from, .param .u64 to, .param .f32 factor, .param .u32 n)
            {
              .shared .align 4 .b8 tile[256];
              .reg .b64 %rd<3>;
              .reg .f32 %f<3>;
              ld.param.u64 %rd1, [from];
              ld.param.u64 %rd2, [to];
              ld.param.f32 %f2, [factor];
              ld.global.f32 %f1, [%rd1];
              mul.f32 %f1, %f1, %f2;
              st.shared.f32 [tile], %f1;
              bar.sync 0;
              ld.shared.f32 %f1, [tile+4];
              st.global.f32 [%rd2], %f1;
              ret;
            }
            .visible .entry nothing() { ret; }
            """;

    /** {@code to[i] = from[i] · factor} for i < n. */
    static final String SCALE = """
            .version 8.0
            .target sm_80
            .address_size 64
            .visible .entry scale(.param .u64 from, .param .u64 to, .param .f32 factor, .param .u32 n)
            {
              .reg .pred %p;
              .reg .b32 %r<5>;
              .reg .b64 %rd<6>;
              .reg .f32 %f<3>;
              ld.param.u32 %r4, [n];
              mov.u32 %r1, %ctaid.x;
              mov.u32 %r2, %ntid.x;
              mov.u32 %r3, %tid.x;
              mad.lo.u32 %r1, %r1, %r2, %r3;
              setp.ge.u32 %p, %r1, %r4;
              @%p bra done;
              ld.param.u64 %rd1, [from];
              ld.param.u64 %rd2, [to];
              ld.param.f32 %f2, [factor];
              mul.wide.u32 %rd3, %r1, 4;
              add.u64 %rd4, %rd1, %rd3;
              add.u64 %rd5, %rd2, %rd3;
              ld.global.f32 %f1, [%rd4];
              mul.f32 %f1, %f1, %f2;
              st.global.f32 [%rd5], %f1;
            done:
              ret;
            }
            """;

    /** A kernel that waits for the one in front, and one that does not. */
    static final String WAITING = """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry waiting() { griddepcontrol.wait; griddepcontrol.launch_dependents; ret; }
            .visible .entry other() { ret; }
            """;

    /**
     * {@code to[i] = 2 from[i] + 1} for i < n; begins early. Each launch needs all of the one in front, whose words
     * are taken in the opposite order.
     */
    static final String CHAIN = """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry chain(.param .u64 from, .param .u64 to, .param .u32 n)
            {
              .reg .pred %p;
              .reg .b32 %r<6>;
              .reg .b64 %rd<6>;
              ld.param.u32 %r4, [n];
              mov.u32 %r1, %ctaid.x;
              mov.u32 %r2, %ntid.x;
              mov.u32 %r3, %tid.x;
              mad.lo.u32 %r1, %r1, %r2, %r3;
              griddepcontrol.wait;
              griddepcontrol.launch_dependents;
              setp.ge.u32 %p, %r1, %r4;
              @%p bra done;
              ld.param.u64 %rd1, [from];
              ld.param.u64 %rd2, [to];
              sub.u32 %r5, %r4, %r1;
              sub.u32 %r5, %r5, 1;
              mul.wide.u32 %rd3, %r5, 4;
              add.u64 %rd4, %rd1, %rd3;
              ld.global.u32 %r5, [%rd4];
              mad.lo.u32 %r5, %r5, 2, 1;
              mul.wide.u32 %rd3, %r1, 4;
              add.u64 %rd5, %rd2, %rd3;
              st.global.u32 [%rd5], %r5;
            done:
              ret;
            }
            """;

    static final String UNKNOWN_INSTRUCTION = """
            .version 8.0
            .target sm_80
            .address_size 64
            .visible .entry broken() { .reg .b32 %r<2>; frobnicate.u32 %r1, %r0; ret; }
            """;

    /** Writes an accumulator between a wgmma and its wait. */
    static final String SERIALISED = """
            .version 8.0
            .target sm_90a
            .address_size 64
            .visible .entry product(.param .u64 p)
            {
              .reg .b64 %rd<4>;
              .reg .f32 %f<8>;
              ld.param.u64 %rd1, [p];
              ld.global.u64 %rd2, [%rd1];
              ld.global.u64 %rd3, [%rd1+8];
              wgmma.fence.sync.aligned;
              wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f0,%f1,%f2,%f3}, %rd2, %rd3, 1, 1, 1, 0, 0;
              st.global.f32 [%rd1], %f0;
              wgmma.commit_group.sync.aligned;
              wgmma.wait_group.sync.aligned 0;
              st.global.f32 [%rd1+4], %f1;
              ret;
            }
            """;

    private PtxTexts() {}

    /** Holds 128 values at a time in a kernel that may have 32 registers. */
    static String spilling() {
        StringBuilder text = new StringBuilder("""
                .version 8.0
                .target sm_80
                .address_size 64
                .visible .entry crowded(.param .u64 a)
                .maxntid 1024, 1, 1
                .minnctapersm 2
                {
                  .reg .b64 %rd<2>;
                  .reg .f32 %f<128>;
                  ld.param.u64 %rd1, [a];
                """);
        for (int i = 0; i < 128; i++) {
            text.append("  ld.volatile.global.f32 %f").append(i).append(", [%rd1+").append(4 * i).append("];\n");
        }
        for (int i = 0; i < 128; i++) {
            int other = i * 37 % 128;
            text.append("  st.volatile.global.f32 [%rd1+").append(4 * i).append("], %f").append(other).append(";\n");
        }
        return text.append("  ret;\n}\n").toString();
    }
}
