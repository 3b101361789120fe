package io.penstock.runtime.cuda;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

class InProjShortConvTest {
    abstract static class Cases implements OperationTests {
        @Override
        public String operation() {
            return "in_proj_short_conv";
        }
    }

    @Nested
    class Cpu extends Cases implements Backends.OnCpu {}

    @Nested
    class Emulator extends Cases implements Backends.OnEmulator {}

    @Nested
    class HopperEmulator extends Cases implements Backends.OnHopperEmulator {}

    /** Large blocks, which on a whole device take more sequences. */
    @Nested
    class SmallHopperEmulator extends Cases implements Backends.OnSmallHopperEmulator {}

    @Nested
    @Tag("gpu")
    class Cuda extends Cases implements Backends.OnCuda {}
}
