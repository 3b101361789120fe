package io.penstock.runtime.cuda;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.check.OperationCase;
import io.penstock.runtime.check.OperationCases;
import io.penstock.runtime.check.Trial;
import io.penstock.runtime.cpu.CpuBackend;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the order in which warps and blocks run, no check fails and the tokens are those of the CPU. */
class SampleSchedulesTest {
    private static final List<String> CASES =
            List.of("anything of 4203", "a nucleus of many tokens", "masks", "tokens as good");

    @ParameterizedTest
    @ValueSource(longs = {11, 222, 3333})
    void sameTokensAndNoFaults(long seed) {
        for (OperationCase each : OperationCases.of("sample")) {
            if (CASES.stream().anyMatch(each.sizes()::startsWith)) {
                each.run(Trial.of((config, limits) -> new DeviceBackend(
                        new EmulatorDevice(new EmulatorOptions(seed, 1, 1L << 28, true)), config, limits),
                        CpuBackend::new, 5));
            }
        }
    }
}
