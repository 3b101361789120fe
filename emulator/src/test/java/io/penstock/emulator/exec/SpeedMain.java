package io.penstock.emulator.exec;

import io.penstock.emulator.check.LaunchCounters;
import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;
import io.penstock.emulator.ptx.PtxModule;
import java.util.Locale;

/** How fast one core executes thread instructions, and matrix products, with all checks. Run it on an idle machine. */
final class SpeedMain {
    private static final int NUM_WARMUP = 8;
    private static final int NUM_TIMED = 5;

    private static final String PTX = """
            .version 8.0
            .target sm_80
            .address_size 64
            .visible .entry mix(.param .u64 x)
            {
              .reg .pred %p<2>; .reg .b32 %r<12>; .reg .f32 %f<8>; .reg .b64 %rd<5>;
              .shared .align 4 .b8 tile[1024];
              ld.param.u64 %rd1, [x]; mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x;
              shl.b32 %r3, %r1, 2; mov.u32 %r4, tile; add.s32 %r5, %r4, %r3;
              mad.lo.s32 %r6, %r2, 256, %r1; mul.wide.u32 %rd2, %r6, 4; add.s64 %rd3, %rd1, %rd2;
              mov.u32 %r7, 0; mov.f32 %f1, 0f00000000;
            LOOP:
              ld.global.f32 %f2, [%rd3];
              st.shared.f32 [%r5], %f2;
              bar.sync 0;
              xor.b32 %r8, %r3, 4; add.s32 %r9, %r4, %r8;
              ld.shared.f32 %f3, [%r9];
              fma.rn.f32 %f1, %f3, %f2, %f1;
              add.f32 %f4, %f1, %f2; mul.f32 %f5, %f4, %f3; max.f32 %f1, %f5, %f1;
              bar.sync 0;
              add.s32 %r7, %r7, 1;
              setp.lt.s32 %p1, %r7, 64;
              @%p1 bra LOOP;
              st.global.f32 [%rd3], %f1;
              ret;
            }
            .visible .entry products(.param .u64 x)
            {
              .reg .pred %p<2>; .reg .b32 %r<12>; .reg .f32 %f<8>; .reg .b64 %rd<5>;
              ld.param.u64 %rd1, [x]; mov.u32 %r1, %tid.x; mov.u32 %r7, 0;
              mov.b32 %r2, 0x3F803F80; mov.b32 %r3, %r1;
              mov.f32 %f1, 0f00000000; mov.f32 %f2, %f1; mov.f32 %f3, %f1; mov.f32 %f4, %f1;
            LOOP:
              mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1,%f2,%f3,%f4}, {%r2,%r3,%r2,%r3}, {%r3,%r2},
                {%f1,%f2,%f3,%f4};
              mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1,%f2,%f3,%f4}, {%r3,%r3,%r2,%r3}, {%r2,%r2},
                {%f1,%f2,%f3,%f4};
              add.s32 %r7, %r7, 1;
              setp.lt.s32 %p1, %r7, 4096;
              @%p1 bra LOOP;
              mul.wide.u32 %rd2, %r1, 4; add.s64 %rd3, %rd1, %rd2;
              st.global.f32 [%rd3], %f1;
              ret;
            }
            """;

    private SpeedMain() {}

    public static void main(String[] args) {
        measure("mix", 32, 256);
        measure("products", 1, 128);
    }

    private static void measure(String entry, int numBlocks, int numThreads) {
        AddressSpace space = new AddressSpace();
        EmulatedKernel kernel = new EmulatedModule("speed", PtxModule.parse(PTX), space).kernel(entry);
        Allocation memory = space.allocate("x", 4L * numBlocks * numThreads);
        memory.fillStates(0, memory.sizeBytes(), Allocation.WRITTEN);
        byte[] arguments = new byte[8];
        Bytes.writeLong(arguments, 0, memory.address());
        LaunchGeometry geometry = new LaunchGeometry(numBlocks, 1, 1, numThreads, 1, 1, 0);
        double best = 0;
        double flops = 0;
        for (int i = 0; i < NUM_WARMUP + NUM_TIMED; i++) {
            long start = System.nanoTime();
            LaunchResult result = kernel.launch(geometry, arguments, i, 10, Integer.MAX_VALUE);
            double seconds = (System.nanoTime() - start) / 1e9;
            if (!result.isClean()) {
                throw new IllegalStateException(result.faults().toString());
            }
            LaunchCounters counters = result.counters();
            if (i >= NUM_WARMUP) {
                best = Math.max(best, counters.threadInstructions / seconds / 1e6);
                flops = Math.max(flops, counters.mmaFlops / seconds / 1e9);
            }
        }
        System.out.println(String.format(Locale.ROOT,
                "%s: %.1f million thread instructions/s, %.2f GFLOP/s of mma", entry, best, flops));
    }
}
