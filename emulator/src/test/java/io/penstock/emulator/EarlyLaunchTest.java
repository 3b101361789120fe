package io.penstock.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.FaultKind;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which launches may begin before the one in front has ended, and what is said of those that do not wait for it. */
class EarlyLaunchTest {
    /** Words from one address to another: before the wait, behind it, and without one. */
    private static final String COPIES = """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry hasty(.param .u64 to, .param .u64 from)
            {
              .reg .b32 %r<2>; .reg .b64 %rd<3>;
              ld.param.u64 %rd1, [to]; ld.param.u64 %rd2, [from];
              ld.global.u32 %r1, [%rd2];
              griddepcontrol.wait;
              st.global.u32 [%rd1], %r1;
              ret;
            }
            .visible .entry patient(.param .u64 to, .param .u64 from)
            {
              .reg .b32 %r<2>; .reg .b64 %rd<3>;
              ld.param.u64 %rd1, [to]; ld.param.u64 %rd2, [from];
              griddepcontrol.wait;
              griddepcontrol.launch_dependents;
              ld.global.u32 %r1, [%rd2];
              st.global.u32 [%rd1], %r1;
              ret;
            }
            .visible .entry plain(.param .u64 to, .param .u64 from)
            {
              .reg .b32 %r<2>; .reg .b64 %rd<3>;
              ld.param.u64 %rd1, [to]; ld.param.u64 %rd2, [from];
              ld.global.u32 %r1, [%rd2]; st.global.u32 [%rd1], %r1;
              ret;
            }
            """;

    private final EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(1).on(90).checkingStreams());
    private final Stream stream = device.createStream("steps", Stream.Serialization.PROGRAMMATIC);
    private final DeviceMemory memory = device.allocate("x", 64);
    private final DeviceModule module = device.loadModule("copies", COPIES);
    private final Event event = device.createEvent();

    @BeforeEach
    void fill() {
        stream.fill(memory, 0, 64, (byte) 1);
    }

    @AfterEach
    void close() {
        device.close();
    }

    private void launch(Stream in, String entry, int to, int from) {
        Kernel kernel = module.kernel(entry);
        in.launch(kernel, LaunchShape.ofThreads(1), new KernelArgs(kernel.signature())
                .setPointer(0, memory.address() + to).setPointer(1, memory.address() + from));
    }

    private void launch(String entry, int to, int from) {
        launch(stream, entry, to, from);
    }

    private void assertRace(int offset, String first, String second) {
        assertEquals(1, device.faults().size(), device.faults().toString());
        Fault fault = device.faults().getFirst();
        assertEquals(FaultKind.RACE_LAUNCHES, fault.kind());
        assertEquals(List.of("x", (long) offset, second),
                List.of(fault.allocation(), fault.offset(), fault.place().kernel()));
        assertEquals(memory.address() + offset, fault.address());
        assertTrue(fault.message().contains(first), fault.message());
        device.clearFaults();
    }

    private void assertClean() {
        assertEquals(List.of(), device.faults());
    }

    @Test
    void readsOfWhatIsInFrontWait() {
        launch("patient", 0, 32);
        launch("patient", 16, 0);
        launch("patient", 32, 16);
        assertClean();
        launch("hasty", 48, 32);
        assertRace(32, "what patient, the launch in front, writes", "hasty");
    }

    @Test
    void whatTheOneInFrontLeavesAloneIsRead() {
        launch("plain", 0, 32);
        launch("hasty", 48, 32);
        launch("hasty", 20, 4);
        launch("hasty", 4, 16);
        assertClean();
        launch("hasty", 20, 4);
        assertRace(4, "what hasty, the launch in front, writes", "hasty");
    }

    /** Two in front is over: the one between has waited for it. */
    @Test
    void onlyTheOneInFrontIsUnderWay() {
        launch("patient", 0, 32);
        launch("patient", 16, 48);
        launch("hasty", 32, 0);
        assertClean();
    }

    @Test
    void whatDoesNotWaitBeginsAfterIt() {
        launch("patient", 0, 32);
        launch("plain", 16, 0);
        assertClean();
    }

    @Test
    void behindAnythingElseAllBeginAfterIt() {
        launch("patient", 0, 32);
        stream.fill(memory, 48, 4, (byte) 2);
        launch("hasty", 16, 0);
        stream.record(event);
        launch("hasty", 0, 16);
        stream.waitFor(event);
        launch("hasty", 16, 0);
        stream.synchronize();
        launch("hasty", 0, 16);
        assertClean();
        Stream full = device.createStream("full");
        full.waitFor(event);
        stream.synchronize();
        launch(full, "patient", 0, 32);
        launch(full, "hasty", 16, 0);
        assertClean();
    }

    @Test
    void graphsHaveTheSameOrder() {
        stream.beginCapture();
        launch("hasty", 32, 0);
        launch("hasty", 48, 32);
        Graph graph = stream.endCapture("step");
        launch("patient", 0, 16);
        assertClean();
        stream.launch(graph);
        assertRace(32, "what hasty, the launch in front, writes", "hasty");
        launch("hasty", 0, 48);
        assertClean();
    }

    /** A stream that joins a capture has what it did in it in front of it, and nothing else. */
    @Test
    void graphsOfTwoStreamsToo() {
        Stream side = device.createStream("side", Stream.Serialization.PROGRAMMATIC);
        stream.beginCapture();
        launch("patient", 0, 32);
        stream.record(event);
        side.waitFor(event);
        launch(side, "hasty", 16, 0);
        launch("patient", 48, 0);
        launch(side, "hasty", 20, 16);
        side.record(event);
        stream.waitFor(event);
        launch("hasty", 0, 20);
        Graph graph = stream.endCapture("step");
        stream.launch(graph);
        assertRace(16, "what hasty, the launch in front, writes", "hasty");
    }

    @Test
    void devicesBefore90Refuse() {
        try (EmulatorDevice older = new EmulatorDevice(EmulatorOptions.collecting(1))) {
            assertEquals("programmatic dependent launches need compute capability 9.0, and the emulator has 8.0",
                    older.programmaticProblem());
            assertEquals("stream steps: " + older.programmaticProblem(), assertThrows(IllegalStateException.class,
                    () -> older.createStream("steps", Stream.Serialization.PROGRAMMATIC)).getMessage());
        }
        assertEquals("", device.programmaticProblem());
    }
}
