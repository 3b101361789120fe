package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.cuda.PtxCompilation;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a driver will make of the PTX: every module compiles, nothing spills, registers stay in their budgets. */
class CompiledPtxTest {
    private static final Map<String, EntryPoint> DECLARED =
            EntryPoints.all().stream().collect(Collectors.toMap(EntryPoint::name, Function.identity()));

    static Stream<Arguments> modules() {
        return Stream.concat(
                Ptx.operations(PtxSet.PORTABLE).stream()
                        .flatMap(operation -> Stream.of("sm_80", "sm_89", "sm_90")
                                .map(architecture -> Arguments.of(operation, PtxSet.PORTABLE, architecture))),
                Ptx.operations(PtxSet.HOPPER).stream()
                        .map(operation -> Arguments.of(operation, PtxSet.HOPPER, "sm_90a")));
    }

    @ParameterizedTest
    @MethodSource("modules")
    void compilesWithoutSpills(String operation, PtxSet set, String architecture) {
        PtxCompilation compilation = Compiled.module(operation, set, architecture);
        assertTrue(compilation.isAccepted(), () -> operation + " is rejected: " + compilation.errorLog());
        assertEquals(List.of(), compilation.notes(), operation);
        assertTrue(!compilation.entries().isEmpty(), operation);
        for (PtxCompilation.Entry entry : compilation.entries()) {
            String what = entry + " for " + architecture;
            assertEquals(0, entry.stackBytes() + entry.spillStoreBytes() + entry.spillLoadBytes(), what);
            int maxRegisters = DECLARED.get(entry.name()).maxRegisters();
            assertTrue(entry.numRegisters() <= maxRegisters, what + ": its budget is " + maxRegisters);
        }
    }
}
