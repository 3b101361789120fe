package io.penstock.runtime.cuda;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

class SampleFromHeadTest {
    abstract static class Cases implements OperationTests {
        @Override
        public String operation() {
            return "sample_from_head";
        }
    }

    @Nested
    class Cpu extends Cases implements Backends.OnCpu {}

    /** With few multiprocessors the scan's blocks have several rows. */
    @Nested
    class HopperEmulator extends Cases implements Backends.OnSmallHopperEmulator {}

    @Nested
    @Tag("gpu")
    class Cuda extends Cases implements Backends.OnCuda {}
}
