package io.penstock.bench.emulator;

import io.penstock.bench.Benchmark;
import io.penstock.bench.Measurement;
import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Launches of one small kernel on the emulator, each in another order of warps. A launch runs on the calling thread,
 * and time is that thread's on its core: what else the machine does costs nothing.
 */
public final class EmulatorBenchmark implements Benchmark, AutoCloseable {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int WARM_UPS = 8;
    private static final int MIX_BLOCKS = 32;
    private static final int MIX_THREADS = 256;
    private static final int PRODUCT_THREADS = 128;

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
              mov.b32 %r2, 0x3F803F80; or.b32 %r3, %r1, %r2;
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

    /** {@code %s} is the list of 128 sums, {@code %<s} once more. */
    private static final String WARPGROUP_PTX = """
            .version 8.0
            .target sm_90a
            .address_size 64
            .visible .entry warpgroup_products(.param .u64 x)
            {
              .reg .pred %%p<3>; .reg .b32 %%r<12>; .reg .f32 %%f<128>; .reg .b64 %%rd<16>;
              .shared .align 1024 .b8 tiles[40960];
              ld.param.u64 %%rd1, [x]; mov.u32 %%r1, %%tid.x; mov.u32 %%r2, tiles; mov.u32 %%r3, 0;
              mad.lo.u32 %%r4, %%r1, 16, %%r2;
            FILL:
              mov.b32 %%r5, 0x3F803F80;
              st.shared.v4.b32 [%%r4], {%%r5, %%r5, %%r5, %%r5};
              add.u32 %%r4, %%r4, 2048; add.u32 %%r3, %%r3, 1; setp.lt.u32 %%p1, %%r3, 20; @%%p1 bra FILL;
              fence.proxy.async.shared::cta; bar.sync 0;
              shr.u32 %%r6, %%r2, 4; cvt.u64.u32 %%rd2, %%r6; or.b64 %%rd3, %%rd2, 0x4000004000010000;
              add.u64 %%rd4, %%rd3, 512; setp.ne.u32 %%p2, %%r2, %%r2; mov.u32 %%r3, 0;
            LOOP:
              wgmma.fence.sync.aligned;
              wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {%s}, %%rd3, %%rd4, %%p2, 1, 1, 0, 0;
              setp.eq.u32 %%p2, %%r2, %%r2; add.u64 %%rd5, %%rd3, 2; add.u64 %%rd6, %%rd4, 2;
              wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {%<s}, %%rd5, %%rd6, %%p2, 1, 1, 0, 0;
              add.u64 %%rd5, %%rd3, 4; add.u64 %%rd6, %%rd4, 4;
              wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {%<s}, %%rd5, %%rd6, %%p2, 1, 1, 0, 0;
              add.u64 %%rd5, %%rd3, 6; add.u64 %%rd6, %%rd4, 6;
              wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {%<s}, %%rd5, %%rd6, %%p2, 1, 1, 0, 0;
              wgmma.commit_group.sync.aligned;
              wgmma.wait_group.sync.aligned 0;
              add.u32 %%r3, %%r3, 1; setp.lt.u32 %%p1, %%r3, 64; @%%p1 bra LOOP;
              mul.wide.u32 %%rd7, %%r1, 4; add.s64 %%rd8, %%rd1, %%rd7; st.global.f32 [%%rd8], %%f0;
              ret;
            }
            """;

    /** A kernel of some PTX, and which counter is its work. */
    private record Case(String ptx, String name, String workUnit, String counter) {}

    private final Case kernelCase;
    private final LaunchShape shape;
    private final Supplier<Map<String, Long>> lastLaunch;
    private final Stream stream;
    private final DeviceMemory memory;
    private final Kernel kernel;
    private final KernelArgs args;

    private EmulatorBenchmark(Device device, Supplier<Map<String, Long>> lastLaunch, Case kernelCase,
            LaunchShape shape, int numThreads) {
        this.kernelCase = kernelCase;
        this.lastLaunch = lastLaunch;
        this.shape = shape;
        this.stream = device.createStream("benchmark");
        this.kernel = device.loadModule("benchmark", kernelCase.ptx()).kernel(kernelCase.name());
        long sizeBytes = 4L * numThreads;
        this.memory = device.allocate("x", sizeBytes);
        stream.fill(memory, 0, sizeBytes, (byte) 0);
        this.args = new KernelArgs(kernel.signature()).setPointer(0, memory.address());
    }

    /**
     * Loads, stores, barriers and arithmetic, as a reduction has them; work is instructions times threads.
     *
     * @param device an emulator, which the caller owns
     * @param lastLaunch the counters of its last launch, by name
     */
    public static EmulatorBenchmark mix(Device device, Supplier<Map<String, Long>> lastLaunch) {
        return new EmulatorBenchmark(device, lastLaunch,
                new Case(PTX, "mix", "thread instructions", "threadInstructions"),
                LaunchShape.ofThreads(MIX_THREADS).grid(MIX_BLOCKS, 1, 1), MIX_BLOCKS * MIX_THREADS);
    }

    /**
     * {@code mma.sync} of bfloat16 with sums in float32; work is their multiplications and additions.
     *
     * @param device an emulator, which the caller owns
     * @param lastLaunch the counters of its last launch, by name
     */
    public static EmulatorBenchmark products(Device device, Supplier<Map<String, Long>> lastLaunch) {
        return new EmulatorBenchmark(device, lastLaunch, new Case(PTX, "products", "operations", "mmaFlops"),
                LaunchShape.ofThreads(PRODUCT_THREADS), PRODUCT_THREADS);
    }

    /**
     * {@code wgmma} of bfloat16, 64 by 256 by 16, from swizzled tiles in shared memory; its work is that of
     * {@link #products}.
     *
     * @param device an emulator of compute capability 9.0, which the caller owns
     * @param lastLaunch the counters of its last launch, by name
     */
    public static EmulatorBenchmark warpgroupProducts(Device device, Supplier<Map<String, Long>> lastLaunch) {
        String sums = IntStream.range(0, 128).mapToObj(i -> "%f" + i).collect(Collectors.joining(", "));
        return new EmulatorBenchmark(device, lastLaunch,
                new Case(WARPGROUP_PTX.formatted(sums), "warpgroup_products", "operations", "mmaFlops"),
                LaunchShape.ofThreads(PRODUCT_THREADS), PRODUCT_THREADS);
    }

    @Override
    public String name() {
        return kernelCase.name();
    }

    @Override
    public String workUnit() {
        return kernelCase.workUnit();
    }

    @Override
    public void warmUp() {
        for (int i = 0; i < WARM_UPS; i++) {
            run();
        }
    }

    /** @throws io.penstock.device.DeviceException if a check finds something */
    @Override
    public Measurement run() {
        long startNs = THREADS.getCurrentThreadCpuTime();
        stream.launch(kernel, shape, args);
        stream.synchronize();
        long elapsedNs = THREADS.getCurrentThreadCpuTime() - startNs;
        return new Measurement(elapsedNs, lastLaunch.get().get(kernelCase.counter()));
    }

    @Override
    public void close() {
        memory.close();
        stream.close();
    }
}
