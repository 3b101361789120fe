package io.penstock.runtime.cuda;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.check.OperationCase;
import io.penstock.runtime.check.OperationCases;
import io.penstock.runtime.check.Trial;
import io.penstock.runtime.cpu.CpuBackend;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vocabularies of real sizes, of which a few rows say as much as many. */
class SampleVocabularyTest {
    @ParameterizedTest
    @ValueSource(strings = {"a few rows of 65539", "a few rows of 128000"})
    void sameTokens(String sizes) {
        OperationCase large = OperationCases.of("sample").stream()
                .filter(each -> each.sizes().equals(sizes))
                .findFirst()
                .orElseThrow();
        large.run(Trial.of((config, limits) -> new DeviceBackend(
                new EmulatorDevice(new EmulatorOptions(3, 1, 1L << 28, true)), config, limits), CpuBackend::new, 7));
    }
}
