package io.penstock.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceException;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.FaultKind;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What two streams touch is ordered by events, or is reported; where it is ordered nothing is. */
class StreamOrderTest {
    private static final String COPY = """
            .version 8.0
            .target sm_80
            .address_size 64
            .visible .entry copy4(.param .u64 to, .param .u64 from)
            {
              .reg .b32 %r<2>; .reg .b64 %rd<3>;
              ld.param.u64 %rd1, [to]; ld.param.u64 %rd2, [from];
              ld.global.u32 %r1, [%rd2]; st.global.u32 [%rd1], %r1;
              ret;
            }
            """;

    private final EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(1).checkingStreams());
    private final Stream main = device.createStream("main");
    private final Stream side = device.createStream("side");
    private final Event fork = device.createEvent();
    private final Event join = device.createEvent();
    private final DeviceMemory memory = device.allocate("x", 64);
    private final MemorySegment host = device.allocatePinned("host", 64).segment();
    private final Kernel kernel = device.loadModule("copy", COPY).kernel("copy4");
    private final KernelArgs args = new KernelArgs(kernel.signature());

    @BeforeEach
    void fill() {
        main.fill(memory, 0, 64, (byte) 1);
        main.synchronize();
    }

    @AfterEach
    void close() {
        device.close();
    }

    private void copy(Stream stream, int to, int from) {
        stream.launch(kernel, LaunchShape.ofThreads(1),
                args.setPointer(0, memory.address() + to).setPointer(1, memory.address() + from));
    }

    private void assertClean() {
        assertEquals(List.of(), device.faults());
    }

    private void assertRace(int offset, String first, String second) {
        assertEquals(1, device.faults().size(), device.faults().toString());
        Fault fault = device.faults().getFirst();
        assertEquals(FaultKind.RACE_STREAMS, fault.kind());
        assertEquals(List.of("x", (long) offset), List.of(fault.allocation(), fault.offset()));
        assertEquals(second, fault.place().kernel());
        assertTrue(fault.message().contains(first), fault.message());
        device.clearFaults();
    }

    @Test
    void whatBothReadAndWhatEachHasForItselfIsNoRace() {
        copy(main, 0, 32);
        copy(side, 16, 32);
        copy(main, 0, 0);
        side.copyToHost(host, 0, memory, 48, 16);
        assertClean();
    }

    @Test
    void aReadOfWhatTheOtherWritesIsARace() {
        copy(main, 0, 32);
        copy(side, 16, 0);
        assertRace(0, "copy4 on stream main writes it", "copy4");
        side.copyToHost(host, 0, memory, 0, 16);
        assertRace(0, "copy4 on stream main writes it", "copyToHost");
    }

    @Test
    void aWriteOfWhatTheOtherReadsOrWritesIsARace() {
        copy(main, 0, 32);
        copy(side, 32, 48);
        assertRace(32, "copy4 on stream main reads it", "copy4");
        side.fill(memory, 0, 4, (byte) 0);
        assertRace(0, "copy4 on stream main writes it", "fill");
        main.copyToDevice(memory, 48, host, 0, 8);
        assertRace(48, "copy4 on stream side reads it", "copyToDevice");
        main.copyOnDevice(memory, 0, memory, 16, 8);
        assertRace(0, "fill on stream side writes it", "copyOnDevice");
    }

    /** Fork and join; what is done between them on the first stream is not what the second waited for. */
    @Test
    void eventsOrder() {
        copy(main, 0, 32);
        main.record(fork);
        side.waitFor(fork);
        copy(side, 16, 0);
        copy(main, 32, 48);
        side.record(join);
        main.waitFor(join);
        copy(main, 0, 16);
        assertClean();
        side.waitFor(fork);
        copy(side, 48, 32);
        assertRace(32, "copy4 on stream main writes it", "copy4");
    }

    @Test
    void whatTheHostHasWaitedForIsDone() {
        copy(main, 0, 32);
        main.synchronize();
        copy(side, 16, 0);
        side.record(join);
        join.synchronize();
        copy(main, 32, 16);
        device.synchronize();
        copy(side, 32, 0);
        assertClean();
        join.synchronize();
        copy(main, 0, 32);
        assertRace(0, "copy4 on stream side reads it", "copy4");
    }

    /** A replay's branches are ordered as those of the capture, and behind what the launching stream did. */
    @Test
    void aGraphForksAndJoins() {
        main.beginCapture();
        copy(main, 0, 32);
        main.record(fork);
        side.waitFor(fork);
        copy(side, 16, 0);
        copy(main, 32, 48);
        side.record(join);
        main.waitFor(join);
        copy(main, 48, 16);
        try (Graph graph = main.endCapture("forked")) {
            assertEquals(4, graph.numNodes());
            main.launch(graph);
            main.launch(graph);
            assertClean();
            copy(side, 16, 48);
            assertTrue(device.faults().stream().allMatch(fault -> fault.message().contains("on stream side, at the same"
                    + " time as copy4 on stream ")), device.faults().toString());
            assertEquals(1, device.faults().size(), "the streams of the capture are not those of the graph");
        }
    }

    @Test
    void aGraphThatDoesNotJoinRacesWithWhatComesBehind() {
        main.beginCapture();
        main.record(fork);
        side.waitFor(fork);
        copy(side, 16, 0);
        copy(main, 32, 16);
        Graph graph = main.endCapture("open");
        assertClean();
        main.launch(graph);
        assertRace(16, "copy4 on stream side of the graph open writes it", "copy4");
        copy(main, 48, 16);
        assertRace(16, "copy4 on stream side of the graph open writes it", "copy4");
    }

    @Test
    void aRaceLosesADeviceThatFailsOnFaults() {
        try (EmulatorDevice failing = new EmulatorDevice(EmulatorOptions.failing().checkingStreams())) {
            DeviceMemory own = failing.allocate("y", 16);
            failing.createStream("one").fill(own, 0, 16, (byte) 0);
            Stream two = failing.createStream("two");
            DeviceException e = assertThrows(DeviceException.class, () -> two.fill(own, 0, 16, (byte) 1));
            assertTrue(e.getMessage().contains("race-streams"), e.getMessage());
        }
    }
}
