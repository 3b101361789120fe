package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Device;
import io.penstock.device.DeviceProperties;
import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.InputException;
import org.junit.jupiter.api.Test;

/** Where kernels may begin before the one in front has ended, and what is said where they cannot. */
class ProgrammaticOptionTest {
    private static final CudaOptions PROGRAMMATIC = CudaOptions.DEFAULTS.withProgrammaticLaunches(true);

    private static Device emulator(int computeCapability) {
        return new EmulatorDevice(EmulatorOptions.failing().on(computeCapability));
    }

    private static void assertRefused(String problem, Device device) {
        assertFalse(CudaOptions.isProgrammaticOn(device));
        assertEquals(problem + "; leave --pdl out",
                assertThrows(InputException.class, () -> PROGRAMMATIC.serialization(device)).getMessage());
        assertEquals(Stream.Serialization.FULL, CudaOptions.DEFAULTS.serialization(device));
    }

    @Test
    void onlyWhereThatIsAskedFor() {
        try (Device device = emulator(90)) {
            assertTrue(CudaOptions.isProgrammaticOn(device));
            assertEquals(Stream.Serialization.FULL, CudaOptions.DEFAULTS.serialization(device));
            assertEquals(Stream.Serialization.PROGRAMMATIC, PROGRAMMATIC.serialization(device));
            assertEquals(Stream.Serialization.PROGRAMMATIC,
                    PROGRAMMATIC.withHalvedRows(1).withGraphs(GraphMode.OFF).serialization(device));
        }
    }

    @Test
    void whatTheDeviceCannotIsRefused() {
        try (Device device = emulator(80)) {
            assertRefused("programmatic dependent launches need compute capability 9.0, and the emulator has 8.0",
                    device);
        }
    }

    /** A later device could, but there all kernels are the portable ones, which do not wait. */
    @Test
    void whatNoKernelCanIsRefused() {
        try (Device device = emulator(90)) {
            DeviceProperties own = device.properties();
            assertRefused("programmatic dependent launches are of the kernels for compute capability 9.0, and Later has"
                    + " 12.0", new ForwardingDevice(device, new DeviceProperties(
                            "Later", own.driver(), 120, own.cores(), own.memory())));
        }
    }
}
