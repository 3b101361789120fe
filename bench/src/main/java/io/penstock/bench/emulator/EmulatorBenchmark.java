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

    private final String name;
    private final String workUnit;
    private final String counter;
    private final LaunchShape shape;
    private final Supplier<Map<String, Long>> lastLaunch;
    private final Stream stream;
    private final DeviceMemory memory;
    private final Kernel kernel;
    private final KernelArgs args;

    private EmulatorBenchmark(Device device, Supplier<Map<String, Long>> lastLaunch, String[] names,
            LaunchShape shape, int numThreads) {
        this.name = names[0];
        this.workUnit = names[1];
        this.counter = names[2];
        this.lastLaunch = lastLaunch;
        this.shape = shape;
        this.stream = device.createStream("benchmark");
        this.kernel = device.loadModule("benchmark", PTX).kernel(name);
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
                new String[] {"mix", "thread instructions", "threadInstructions"},
                LaunchShape.ofThreads(MIX_THREADS).grid(MIX_BLOCKS, 1, 1), MIX_BLOCKS * MIX_THREADS);
    }

    /**
     * {@code mma.sync} of bfloat16 with sums in float32; work is their multiplications and additions.
     *
     * @param device an emulator, which the caller owns
     * @param lastLaunch the counters of its last launch, by name
     */
    public static EmulatorBenchmark products(Device device, Supplier<Map<String, Long>> lastLaunch) {
        return new EmulatorBenchmark(device, lastLaunch, new String[] {"products", "operations", "mmaFlops"},
                LaunchShape.ofThreads(PRODUCT_THREADS), PRODUCT_THREADS);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String workUnit() {
        return workUnit;
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
        return new Measurement(elapsedNs, lastLaunch.get().get(counter));
    }

    @Override
    public void close() {
        memory.close();
        stream.close();
    }
}
