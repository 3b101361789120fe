package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceProbe;
import io.penstock.device.DeviceProbe.Available;
import io.penstock.device.DeviceProbe.Reason;
import io.penstock.device.DeviceProbe.Unavailable;
import io.penstock.device.DeviceProperties;
import java.util.List;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaDevicesTest {
    private static final long GIB = 1L << 30;

    private final FakeDriver driver = new FakeDriver();

    private void assertUnavailable(Reason reason, String message, int ordinal, long minMemoryBytes) {
        assertEquals(new Unavailable(reason, message), CudaDevices.probe(driver, ordinal, minMemoryBytes));
        assertTrue(driver.live.isEmpty());
    }

    @Test
    void findsWhatItIs() {
        Available found = (Available) CudaDevices.probe(driver, 0, 141 * GIB);
        DeviceProperties properties = found.properties();
        assertEquals("NVIDIA H200", properties.name());
        assertEquals("CUDA 12.6", properties.driver());
        assertEquals(90, properties.computeCapability());
        assertEquals(132, properties.cores().numMultiprocessors());
        assertEquals(60 << 20, properties.memory().l2Bytes());
        assertEquals(141 * GIB, properties.memory().totalBytes());
        assertTrue(driver.calls.stream().noneMatch(call -> call.contains("Ctx")), "a probe takes no memory");
    }

    @Test
    void driverTooOld() {
        driver.version = 11_080;
        assertUnavailable(Reason.DRIVER_TOO_OLD, "the NVIDIA driver is of CUDA 11.8 and Penstock needs CUDA 12.0:"
                + " install driver 525.60.13 or newer", 0, 0);
        assertEquals(List.of("cuDriverGetVersion"), driver.calls);
    }

    @Test
    void noDevice() {
        driver.failures.put("cuInit", CUresult.CUDA_ERROR_NO_DEVICE);
        assertUnavailable(Reason.NO_DEVICE, "the NVIDIA driver finds no GPU: see what nvidia-smi says, and whether"
                + " CUDA_VISIBLE_DEVICES hides it", 0, 0);
        driver.failures.clear();
        driver.count = 2;
        assertUnavailable(Reason.NO_DEVICE, "there is no GPU 5: the driver shows 2, counted from 0", 5, 0);
    }

    @Test
    void wrongArchitecture() {
        driver.deviceAttributes.put(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 7);
        driver.deviceAttributes.put(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 5);
        assertUnavailable(Reason.WRONG_ARCHITECTURE, "NVIDIA H200 has compute capability 7.5 and Penstock needs 8.0:"
                + " take an A100, L4, H100 or newer", 0, 0);
    }

    @Test
    void tooLittleMemory() {
        driver.totalBytes = 8 * GIB;
        assertUnavailable(Reason.TOO_LITTLE_MEMORY, "NVIDIA H200 has 8.0 GiB of memory and 17.0 GiB are needed:"
                + " take a smaller model or a larger GPU", 0, 17 * GIB);
    }

    @Test
    void everyFailureIsAValue() {
        driver.failures.put("cuInit", CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH);
        assertUnavailable(Reason.FAILED, "the NVIDIA driver's library is of another version than the one in the kernel:"
                + " restart the machine or the container", 0, 0);
        driver.failures.clear();
        driver.calls.clear();
        CudaDevices.probe(driver, 0, 0);
        for (String call : List.copyOf(driver.calls)) {
            String name = call.replaceFirst(" .*", "");
            driver.failures.clear();
            driver.failures.put(name, CUresult.CUDA_ERROR_OPERATING_SYSTEM);
            assertUnavailable(Reason.FAILED, "the NVIDIA driver fails: looking for GPU 0: " + name
                    + " gave CUDA_ERROR_OPERATING_SYSTEM (304)", 0, 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"25.0.3+9", "25.0.4", "25.1", "26", "26.0.1+3"})
    void recentJava(String version) {
        assertEquals("", CudaDevices.javaProblem(Runtime.Version.parse(version)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"25", "25.0.2+10", "24.0.2", "21.0.9+10"})
    void oldJava(String version) {
        String problem = CudaDevices.javaProblem(Runtime.Version.parse(version));
        assertTrue(problem.contains(version) && problem.contains("25.0.3"), problem);
    }

    /** Whatever this machine has. */
    @Test
    void thisMachineGivesAValue() {
        DeviceProbe probe = CudaDevices.probe(0, 0);
        if (probe instanceof Unavailable none) {
            assertFalse(none.message().isBlank() || none.message().contains("\n"), none::message);
            if (!NativeLibraries.isOnThisMachine(NativeLibraries.DRIVER)) {
                assertEquals(Reason.NO_DRIVER, none.reason());
            }
        }
    }
}
