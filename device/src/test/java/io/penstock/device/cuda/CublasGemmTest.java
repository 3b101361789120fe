package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceProbe;
import io.penstock.device.Gemm;
import io.penstock.device.Stream;
import java.util.ArrayList;
import java.util.List;
import jcuda.cudaDataType;
import jcuda.jcublas.cublasStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CublasGemmTest {
    /** Computes nothing: writes its calls down and fails where told. */
    private static final class FakeCublas implements Cublas {
        private final List<String> calls = new ArrayList<>();
        private String failing = "";
        private int numOpen;

        private int call(String name, Object... values) {
            calls.add(name + " " + List.of(values));
            return name.equals(failing) ? cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED : Driver.SUCCESS;
        }

        @Override
        public String statusName(int status) {
            return cublasStatus.stringFor(status);
        }

        @Override
        public int cublasCreate(Driver.Handle[] cublas) {
            cublas[0] = new FakeDriver.FakeHandle("cublas", 99);
            int status = call("cublasCreate");
            numOpen += status == Driver.SUCCESS ? 1 : 0;
            return status;
        }

        @Override
        public int cublasDestroy(Driver.Handle cublas) {
            numOpen--;
            return call("cublasDestroy");
        }

        @Override
        public int cublasGetVersion(int[] version, Driver.Handle cublas) {
            version[0] = 120_804;
            return call("cublasGetVersion");
        }

        @Override
        public int cublasSetStream(long cublas, long stream) {
            return call("cublasSetStream", cublas);
        }

        @Override
        public int cublasGemmEx(long cublas, int rows, int columns, int depth, long a, long b, long c, int outputType) {
            return call("cublasGemmEx", rows, columns, depth, a, b, c, outputType);
        }
    }

    private final FakeDriver driver = new FakeDriver();
    private final FakeCublas cublas = new FakeCublas();

    private Device open() {
        DeviceProbe.Available found = (DeviceProbe.Available) CudaDevices.probe(driver, 0, 0);
        return CudaDevices.open(driver, 0, found.properties(), LaunchMode.QUEUED);
    }

    private void multiply(Device device) {
        Stream stream = device.createStream("main");
        try (Gemm gemm = CublasGemm.open(device, cublas)) {
            assertEquals("cuBLAS 12.8.4", gemm.name());
            gemm.multiplyTransposed(stream, Gemm.Output.FLOAT32, 30, 10, 20, 3, 5, 7);
            assertThrows(IllegalArgumentException.class,
                    () -> gemm.multiplyTransposed(stream, Gemm.Output.FLOAT32, 30, 10, 20, 0, 5, 7));
        }
    }

    @Test
    void rowMajorIsTheTransposeOfColumnMajor() {
        try (Device device = open()) {
            multiply(device);
        }
        assertEquals(List.of("cublasCreate []", "cublasGetVersion []", "cublasSetStream [99]",
                "cublasGemmEx [5, 3, 7, 20, 10, 30, " + cudaDataType.CUDA_R_32F + "]", "cublasDestroy []"),
                cublas.calls);
        assertEquals(0, cublas.numOpen);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cublasCreate", "cublasGetVersion", "cublasSetStream", "cublasGemmEx", "cublasDestroy"})
    void everyCallMayFail(String call) {
        cublas.failing = call;
        try (Device device = open()) {
            DeviceException e = assertThrows(DeviceException.class, () -> multiply(device));
            assertEquals(call, e.call());
            assertEquals("CUBLAS_STATUS_EXECUTION_FAILED", e.name());
        }
        assertEquals(0, cublas.numOpen);
    }

    @Test
    void closedWithItsDevice() {
        Device device = open();
        Gemm gemm = CublasGemm.open(device, cublas);
        device.close();
        gemm.close();
        assertEquals(0, cublas.numOpen);
    }

    /** Where the library is missing nothing of it is touched. */
    @Test
    void missingLibraryIsAValue() {
        if (!NativeLibraries.isOnThisMachine(NativeLibraries.CUBLAS)) {
            try (Device device = open()) {
                GemmProbe.Unavailable none =
                        assertInstanceOf(GemmProbe.Unavailable.class, CudaDevices.openGemm(device));
                assertTrue(none.message().contains("libcublas.so.12") && !none.message().contains("\n"), none::message);
            }
        }
    }
}
