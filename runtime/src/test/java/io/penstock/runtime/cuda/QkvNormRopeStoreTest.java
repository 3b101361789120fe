package io.penstock.runtime.cuda;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

class QkvNormRopeStoreTest {
    abstract static class Cases implements OperationTests {
        @Override
        public String operation() {
            return "qkv_norm_rope_store";
        }
    }

    @Nested
    class Cpu extends Cases implements Backends.OnCpu {}

    @Nested
    class HopperEmulator extends Cases implements Backends.OnHopperEmulator {}

    /** Large blocks, which on a whole device take more tokens. */
    @Nested
    class SmallHopperEmulator extends Cases implements Backends.OnSmallHopperEmulator {}

    @Nested
    @Tag("gpu")
    class Cuda extends Cases implements Backends.OnCuda {}
}
