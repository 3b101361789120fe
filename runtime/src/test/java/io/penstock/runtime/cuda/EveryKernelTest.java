package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.check.OperationCases;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each module of the PTX has cases that run on an emulator of a device that loads it: those run each of its kernels,
 * under every check, against the CPU twin and a reference ({@link OperationTests}); {@link SchedulesTest} runs each in
 * twenty orders.
 */
class EveryKernelTest {
    @ParameterizedTest
    @CsvSource({"80, Emulator", "90, HopperEmulator"})
    void everyModuleHasATestOnItsDevice(int computeCapability, String nested) {
        for (String operation : ShippedKernels.operationsWith(computeCapability)) {
            assertTrue(OperationCases.operations().contains(operation), operation + " has no cases");
            String test = Arrays.stream(operation.split("_"))
                    .map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
                    .collect(Collectors.joining());
            Class<?> onDevice = assertDoesNotThrow(() -> Class.forName(
                    "io.penstock.runtime.cuda." + test + "Test$" + nested), operation);
            assertTrue(OperationTests.class.isAssignableFrom(onDevice), onDevice + " does not run the cases");
        }
    }
}
