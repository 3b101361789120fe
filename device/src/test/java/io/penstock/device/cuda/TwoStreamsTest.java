package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceProbe;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Streams that wait for each other's events, launched and captured, over a driver that writes its calls down. */
class TwoStreamsTest {
    private final FakeDriver driver = new FakeDriver();

    private Device open(LaunchMode mode) {
        DeviceProbe.Available found = (DeviceProbe.Available) CudaDevices.probe(driver, 0, 0);
        return CudaDevices.open(driver, 0, found.properties(), mode);
    }

    private void assertAllGivenBack() {
        assertEquals(Set.of(), driver.live);
        assertTrue(driver.pinned.isEmpty());
    }

    /** What one stream was waited for by another is done when the other's is; what it did since is under way. */
    @Test
    void aFaultOfTwoStreamsNamesWhatIsUnderWayOnEither() {
        Device device = open(LaunchMode.QUEUED);
        Launches main = Launches.on(device);
        Launches beside = Launches.on(device);
        Event fork = device.createEvent();
        Event join = device.createEvent();
        Event done = device.createEvent();
        main.launchNothing();
        main.stream().record(fork);
        beside.stream().waitFor(fork);
        beside.launchCopy();
        beside.stream().record(join);
        main.stream().waitFor(join);
        main.stream().record(done);
        beside.launchNothing();
        main.launchCopy();
        done.synchronize();
        driver.failures.put("cuStreamSynchronize", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        DeviceException e = assertThrows(DeviceException.class, main.stream()::synchronize);
        assertEquals(List.of("copy", "nothing"), e.suspects(), "the copy of the second stream is done");
        driver.failures.clear();
        device.close();
        assertAllGivenBack();
    }

    /** A stream that waits for an event of a capture is captured too, until the capture ends. */
    @ParameterizedTest
    @EnumSource(LaunchMode.class)
    void aCaptureForksAndJoins(LaunchMode mode) {
        Device device = open(mode);
        Launches main = Launches.on(device);
        Launches beside = Launches.on(device);
        Event fork = device.createEvent();
        Event join = device.createEvent();
        main.stream().beginCapture();
        main.launchNothing();
        main.stream().record(fork);
        beside.stream().waitFor(fork);
        beside.launchCopy();
        main.launchNothing();
        assertThrows(IllegalStateException.class, () -> beside.stream().endCapture("not its own"));
        beside.stream().record(join);
        main.stream().waitFor(join);
        Graph graph = main.stream().endCapture("step");
        main.stream().launch(graph);
        beside.launchCopy();
        assertEquals(mode == LaunchMode.AWAITED, driver.calls.getLast().startsWith("cuStreamSynchronize"));
        driver.failures.put("cuStreamSynchronize", CUresult.CUDA_ERROR_LAUNCH_FAILED);
        DeviceException e = assertThrows(DeviceException.class, main.stream()::synchronize);
        assertEquals(mode == LaunchMode.AWAITED ? List.of() : List.of("nothing x2", "copy x2"), e.suspects());
        driver.failures.clear();
        device.close();
        assertAllGivenBack();
    }

    @Test
    void aCaptureThatDoesNotJoinIsNoGraphAndLeavesTheStreams() {
        try (Device device = open(LaunchMode.QUEUED)) {
            Launches main = Launches.on(device);
            Launches beside = Launches.on(device);
            Event fork = device.createEvent();
            main.stream().beginCapture();
            main.stream().record(fork);
            beside.stream().waitFor(fork);
            beside.launchCopy();
            DeviceException e = assertThrows(DeviceException.class, () -> main.stream().endCapture("step"));
            assertEquals(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNJOINED, e.code());
            beside.launchCopy();
            beside.stream().synchronize();
            main.stream().beginCapture();
            main.stream().endCapture("nothing").close();
            assertThrows(DeviceException.class, () -> beside.stream().waitFor(fork), "of a capture that has ended");
        }
        assertAllGivenBack();
    }
}
