package io.penstock.emulator.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.cuda.PtxCompilation;
import io.penstock.device.cuda.PtxCompiler;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the emulator runs for 9.0 is what a driver's compiler takes: nothing spills, and no wgmma is serialised. */
class HopperCompiledTest {
    private static final int MAX_REGISTERS = 168;

    @ParameterizedTest
    @ValueSource(strings = {"hopper/gemm", "hopper/attention", "hopper/groups", "hopper_faults/products"})
    void compilesWithoutSpills(String name) {
        // The first compiler that knows 9.0 reads 8.0, and nothing here is later than that.
        String ptx = Outcome.ptx(name).replaceFirst("\\.version \\d+\\.\\d+", ".version 8.0");
        PtxCompilation compilation = PtxCompiler.compile(ptx, "sm_90a");
        assertTrue(compilation.isAccepted(), compilation::errorLog);
        assertEquals(List.of(), compilation.notes());
        for (PtxCompilation.Entry entry : compilation.entries()) {
            assertEquals(0, entry.stackBytes() + entry.spillStoreBytes() + entry.spillLoadBytes(), entry::toString);
            assertTrue(entry.numRegisters() <= MAX_REGISTERS || entry.name().startsWith("turns")
                    || entry.name().startsWith("registers_"), entry::toString);
        }
    }
}
