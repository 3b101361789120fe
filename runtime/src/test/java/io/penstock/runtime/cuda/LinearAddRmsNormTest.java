package io.penstock.runtime.cuda;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** Before 9.0 it is the operations that it is made of, which have tests of their own. */
class LinearAddRmsNormTest {
    abstract static class Cases implements OperationTests {
        @Override
        public String operation() {
            return "linear_add_rms_norm";
        }
    }

    @Nested
    class Cpu extends Cases implements Backends.OnCpu {}

    @Nested
    class HopperEmulator extends Cases implements Backends.OnHopperEmulator {}

    @Nested
    @Tag("gpu")
    class Cuda extends Cases implements Backends.OnCuda {}
}
