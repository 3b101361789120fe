package io.penstock.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceException;
import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.check.LaunchCounters;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EmulatorDeviceTest {
    private static final String ADD = """
            .version 8.0
            .target sm_80
            .address_size 64
            .visible .entry add(.param .u64 x, .param .u32 n, .param .u32 amount)
            {
              .reg .pred %p<2>; .reg .b32 %r<9>; .reg .b64 %rd<5>;
              ld.param.u64 %rd1, [x]; ld.param.u32 %r1, [n]; ld.param.u32 %r2, [amount];
              mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x; mov.u32 %r5, %tid.x;
              mad.lo.s32 %r6, %r3, %r4, %r5;
              setp.ge.s32 %p1, %r6, %r1;
              @%p1 bra END;
              mul.wide.s32 %rd2, %r6, 4; add.s64 %rd3, %rd1, %rd2;
              ld.global.u32 %r7, [%rd3]; add.s32 %r8, %r7, %r2; st.global.u32 [%rd3], %r8;
            END: ret;
            }
            .visible .entry tomorrow(.param .u32 which)
            {
              .reg .pred %p<3>; .reg .b32 %r<3>; .reg .b64 %rd<3>;
              ld.param.u32 %r1, [which]; setp.eq.u32 %p1, %r1, 1; setp.eq.u32 %p2, %r1, 2;
              @%p1 tcgen05.fence::before_thread_sync;
              @%p2 cp.async.bulk.tensor.1d.shared::cta.global [%r2, {%r1}], [%rd1];
              ret;
            }
            .const .align 4 .u32 one = 1;
            .visible .entry sum(.param .u64 x, .param .u32 n)
            {
              .reg .b32 %r<9>; .reg .b64 %rd<5>;
              ld.param.u64 %rd1, [x]; ld.param.u32 %r1, [n];
              mov.u32 %r2, %tid.x; rem.u32 %r3, %r2, %r1;
              mul.wide.u32 %rd2, %r3, 4; add.s64 %rd3, %rd1, %rd2;
              ld.global.u32 %r4, [%rd3]; ld.const.u32 %r5, [one]; add.u32 %r6, %r4, %r5;
              red.global.add.u32 [%rd1+64], %r6;
              ret;
            }
            """;

    private final EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(3));
    private final Stream stream = device.createStream("main");
    private final DeviceModule module = device.loadModule("add", ADD);
    private final Kernel kernel = module.kernel("add");
    private final Kernel sums = module.kernel("sum");
    private final KernelArgs args = new KernelArgs(kernel.signature());

    @AfterEach
    void close() {
        device.close();
    }

    private void add(DeviceMemory memory, int n, int amount) {
        args.setPointer(0, memory.address()).setInt(1, n).setInt(2, amount);
        stream.launch(kernel, LaunchShape.ofThreads(64).grid((n + 63) / 64, 1, 1), args);
    }

    private int[] read(DeviceMemory memory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(memory.sizeBytes(), 16);
            stream.copyToHost(host, 0, memory, 0, memory.sizeBytes());
            stream.synchronize();
            return host.toArray(ValueLayout.JAVA_INT);
        }
    }

    @Test
    void copiesFillsAndLaunchesInOrder() {
        DeviceMemory memory = device.allocate("x", 400);
        stream.fill(memory, 0, 400, (byte) 0);
        add(memory, 100, 5);
        DeviceMemory copy = device.allocate("y", 400);
        stream.copyOnDevice(copy, 0, memory, 0, 400);
        add(copy, 10, 1);
        assertEquals(5, read(memory)[0]);
        assertEquals(6, read(copy)[9]);
        assertEquals(5, read(copy)[10]);
        assertEquals(List.of(), device.faults());
        assertEquals(440, device.counters("add").globalWriteBytes);
        assertEquals(0, memory.address() % 256);
    }

    @Test
    void sectorsAreCountedOnceHoweverOftenTheyAreAskedFor() {
        DeviceMemory memory = device.allocate("x", 4000);
        stream.fill(memory, 0, 4000, (byte) 0);
        add(memory, 1000, 5);
        LaunchCounters counters = device.counters("add");
        assertEquals(List.of(16L, 16L, 4000L, 4000L, 125L, 125L), List.of(counters.ctas, counters.gridCtas,
                counters.uniqueReadBytes, counters.uniqueWriteBytes, counters.uniqueReadSectors,
                counters.uniqueWriteSectors));
        device.clearCounters();
        KernelArgs values = new KernelArgs(sums.signature()).setPointer(0, memory.address()).setInt(1, 9);
        stream.launch(sums, LaunchShape.ofThreads(64).grid(10, 1, 1), values);
        counters = device.counters("sum");
        assertEquals(List.of(640L * 4, 640L * 4), List.of(counters.globalReadBytes, counters.globalWriteBytes));
        assertEquals(List.of(36L + 4, 3L, 4L, 1L), List.of(counters.uniqueReadBytes, counters.uniqueReadSectors,
                counters.uniqueWriteBytes, counters.uniqueWriteSectors));
    }

    @Test
    void someBlocksOfALargeGridAreSpreadOverIt() {
        int n = 1 << 20;
        try (EmulatorDevice sampled = new EmulatorDevice(EmulatorOptions.collecting(3).sampling(100));
                DeviceMemory memory = sampled.allocate("x", 4L * n)) {
            Stream own = sampled.createStream("own");
            Kernel add = sampled.loadModule("add", ADD).kernel("add");
            KernelArgs values = new KernelArgs(add.signature());
            own.fill(memory, 0, 4L * n, (byte) 0);
            values.setPointer(0, memory.address()).setInt(1, n).setInt(2, 1);
            own.launch(add, LaunchShape.ofThreads(64).grid(n / 64, 1, 1), values);
            LaunchCounters counters = sampled.counters();
            assertEquals(List.of(100L, n / 64L, 100L * 8, 100L * 8, 100L * 256), List.of(counters.ctas,
                    counters.gridCtas, counters.uniqueReadSectors, counters.globalReadSectors,
                    counters.globalReadBytes));
        }
    }

    @Test
    void graphKeepsWhatWasCaptured() {
        DeviceMemory memory = device.allocate("x", 400);
        PinnedMemory pinned = device.allocatePinned("host", 400);
        Stream other = device.createStream("other");
        Event event = device.createEvent();
        stream.beginCapture();
        stream.copyToDevice(memory, 0, pinned.segment(), 0, 400);
        add(memory, 100, 5);
        stream.record(event);
        other.waitFor(event);
        other.copyToHost(pinned.segment(), 0, memory, 0, 400);
        Graph graph = stream.endCapture("step");
        assertEquals(0, pinned.segment().get(ValueLayout.JAVA_INT, 0));
        args.setInt(2, 1000);
        stream.launch(graph);
        stream.launch(graph);
        assertEquals(3, graph.numNodes());
        assertEquals(10, pinned.segment().get(ValueLayout.JAVA_INT, 0));
        assertThrows(IllegalStateException.class, () -> other.endCapture("no"));
    }

    @Test
    void whatNobodyWroteIsReported() {
        DeviceMemory memory = device.allocate("weights", 400);
        add(memory, 100, 5);
        Fault fault = device.faults().getFirst();
        assertEquals(FaultKind.UNINITIALISED, fault.kind());
        assertEquals("weights", fault.allocation());
        assertEquals(13, fault.place().line());
    }

    @Test
    void boundsAreThoseOfTheAllocation() {
        DeviceMemory memory = device.allocate("x", 400);
        stream.fill(memory, 0, 400, (byte) 0);
        add(memory, 101, 5);
        assertEquals(List.of(FaultKind.OUT_OF_BOUNDS), device.faults().stream().map(Fault::kind).distinct().toList());
        assertEquals(400, device.faults().getFirst().offset());
        device.clearFaults();
        memory.close();
        add(memory, 1, 5);
        assertTrue(device.faults().getFirst().message().contains("given back"), device.faults()::toString);
    }

    @Test
    void unsupportedIsNamedWhenItIsExecuted() {
        Kernel tomorrow = module.kernel("tomorrow");
        KernelArgs values = new KernelArgs(tomorrow.signature());
        stream.launch(tomorrow, LaunchShape.ofThreads(32), values.setInt(0, 0));
        assertEquals(List.of(), device.faults(), "it is not executed");
        stream.launch(tomorrow, LaunchShape.ofThreads(32), values.setInt(0, 1));
        Fault fault = device.faults().getFirst();
        assertEquals(FaultKind.UNSUPPORTED, fault.kind());
        assertEquals(20, fault.place().line());
        assertTrue(fault.message().contains("tcgen05.fence::before_thread_sync is not supported"), fault::message);
        device.clearFaults();
        stream.launch(tomorrow, LaunchShape.ofThreads(32), values.setInt(0, 2));
        assertEquals(21, device.faults().getFirst().place().line());
    }

    @Test
    void limitsAreRefused() {
        assertThrows(DeviceException.class, () -> device.allocate("huge", device.freeBytes() + 1));
        assertThrows(DeviceException.class, () -> kernel.setMaxDynamicShared(200 << 10));
        assertThrows(DeviceException.class, () -> stream.launch(kernel,
                LaunchShape.ofThreads(32).dynamicShared(64 << 10), args.setPointer(0, 0).setInt(1, 0).setInt(2, 0)));
        assertThrows(IllegalArgumentException.class, () -> module.kernel("sub"));
        assertThrows(DeviceException.class, () -> device.loadModule("bad", ".version 8.0\n.entry x( { }"));
    }

    @Test
    void faultLosesTheDeviceIfAsked() {
        try (EmulatorDevice strict = new EmulatorDevice(EmulatorOptions.failing())) {
            Stream own = strict.createStream("own");
            Kernel add = strict.loadModule("add", ADD).kernel("add");
            KernelArgs values = new KernelArgs(add.signature()).setPointer(0, 0).setInt(1, 1).setInt(2, 1);
            assertThrows(DeviceException.class, () -> own.launch(add, LaunchShape.ofThreads(32), values));
            assertThrows(DeviceException.class, own::synchronize);
        }
    }
}
