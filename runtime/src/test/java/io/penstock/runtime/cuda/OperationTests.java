package io.penstock.runtime.cuda;

import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.check.OperationCase;
import io.penstock.runtime.check.OperationCases;
import io.penstock.runtime.check.Trial;
import io.penstock.runtime.cpu.CpuBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The small cases of one operation, on the backend of a subclass. */
interface OperationTests extends OperationBackend.Factory {
    String operation();

    @TestFactory
    default Stream<DynamicTest> cases() {
        return OperationCases.of(operation()).stream()
                .filter(each -> !each.isLarge())
                .map(each -> DynamicTest.dynamicTest(each.sizes(), () -> run(each)));
    }

    private void run(OperationCase each) {
        each.run(Trial.of(this, CpuBackend::new, each.sizes().hashCode()));
    }
}
