package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class GpuMonitorTest {
    private static final long HANDLE = 0x1234_5678_9abcL;
    private static final int NOT_SUPPORTED = 3;
    private static final int NOT_FOUND = 6;

    /** A management library with one GPU; an old one does not count energy. */
    @SuppressWarnings("restricted")
    private static final class FakeNvml implements Nvml {
        boolean isOld;
        int numOpen;

        private static MemorySegment at(long address) {
            return MemorySegment.ofAddress(address).reinterpret(64);
        }

        private static int ok(long device) {
            return device == HANDLE ? 0 : NOT_FOUND;
        }

        @Override
        public int nvmlInit() {
            numOpen++;
            return 0;
        }

        @Override
        public int nvmlShutdown() {
            numOpen--;
            return 0;
        }

        @Override
        public int nvmlDeviceGetHandleByIndex(int index, long device) {
            at(device).set(ValueLayout.JAVA_LONG, 0, HANDLE);
            return index == 0 ? 0 : NOT_FOUND;
        }

        @Override
        public int nvmlDeviceGetName(long device, long name, int length) {
            at(name).setString(0, "NVIDIA Test");
            return ok(device);
        }

        @Override
        public int nvmlSystemGetDriverVersion(long version, int length) {
            at(version).setString(0, "570.1");
            return 0;
        }

        @Override
        public int nvmlDeviceGetTotalEnergyConsumption(long device, long millijoules) {
            at(millijoules).set(ValueLayout.JAVA_LONG, 0, 5_000_000_000L);
            return isOld ? NOT_SUPPORTED : ok(device);
        }

        @Override
        public int nvmlDeviceGetPowerUsage(long device, long milliwatts) {
            at(milliwatts).set(ValueLayout.JAVA_INT, 0, 350_000);
            return ok(device);
        }

        @Override
        public int nvmlDeviceGetUtilizationRates(long device, long rates) {
            at(rates).set(ValueLayout.JAVA_INT, 0, 97);
            at(rates).set(ValueLayout.JAVA_INT, 4, 61);
            return ok(device);
        }
    }

    @Test
    void readsWhatTheLibraryWrites() {
        var nvml = new FakeNvml();
        try (GpuMonitor gpu = GpuMonitor.open(nvml, 0).orElseThrow()) {
            assertEquals("NVIDIA Test", gpu.name());
            assertEquals("570.1", gpu.driverVersion());
            assertEquals(5_000_000_000L, gpu.energyMillijoules());
            assertEquals(350_000, gpu.powerMilliwatts());
            assertEquals(97, gpu.computePercent());
            assertEquals(61, gpu.memoryPercent());
            nvml.isOld = true;
            assertEquals(GpuMonitor.UNKNOWN, gpu.energyMillijoules());
        }
        assertEquals(0, nvml.numOpen);
    }

    @Test
    void withoutSuchAGpuThereIsNone() {
        var nvml = new FakeNvml();
        assertTrue(GpuMonitor.open(nvml, 1).isEmpty());
        assertEquals(0, nvml.numOpen);
    }

    @Test
    void theLibraryIsLookedUpWhole() {
        assertThrows(NoSuchElementException.class, () -> new NativeNvml("libc.so.6"));
        assertThrows(IllegalArgumentException.class, () -> new NativeNvml("libpenstock-none.so.1"));
    }
}
