package io.penstock.runtime.cuda;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

class GroupedLinearAddRmsNormTest {
    abstract static class Cases implements OperationTests {
        @Override
        public String operation() {
            return "grouped_linear_add_rms_norm";
        }
    }

    @Nested
    class Cpu extends Cases implements Backends.OnCpu {}

    @Nested
    class Emulator extends Cases implements Backends.OnEmulator {}

    @Nested
    class HopperEmulator extends Cases implements Backends.OnHopperEmulator {}

    @Nested
    @Tag("gpu")
    class Cuda extends Cases implements Backends.OnCuda {}
}
