package io.penstock.runtime.cuda;

import io.penstock.runtime.check.OperationCase;
import io.penstock.runtime.check.OperationCases;
import io.penstock.runtime.check.Trial;
import io.penstock.runtime.cpu.CpuBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The cases at a model's real sizes are only for GPUs; that they ask for what is right, the CPU shows. */
class LargeCasesTest {
    @TestFactory
    Stream<DynamicTest> onCpu() {
        return OperationCases.operations().stream()
                .flatMap(operation -> OperationCases.of(operation).stream())
                .filter(OperationCase::isLarge)
                .map(each -> DynamicTest.dynamicTest(each.toString(),
                        () -> each.run(Trial.of(CpuBackend::new, CpuBackend::new, 1))));
    }
}
