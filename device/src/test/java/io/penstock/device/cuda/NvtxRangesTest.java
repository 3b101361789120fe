package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NvtxRangesTest {
    /** NVTX that writes its calls down. */
    private static final class FakeNvtx implements Nvtx {
        final List<String> calls = new ArrayList<>();
        final Set<Long> texts = new HashSet<>();

        @Override
        @SuppressWarnings("restricted")
        public int nvtxRangePushA(long message) {
            texts.add(message);
            calls.add("push " + MemorySegment.ofAddress(message).reinterpret(64).getString(0));
            return calls.size();
        }

        @Override
        public int nvtxRangePop() {
            calls.add("pop");
            return calls.size();
        }
    }

    @Test
    void aRangesNameIsOneNativeText() {
        var nvtx = new FakeNvtx();
        var ranges = new NvtxRanges(nvtx);
        for (int i = 0; i < 2; i++) {
            ranges.push("step");
            ranges.push("linear qkvProj");
            ranges.pop();
            ranges.pop();
        }
        List<String> once = List.of("push step", "push linear qkvProj", "pop", "pop");
        assertEquals(once, nvtx.calls.subList(0, 4));
        assertEquals(once, nvtx.calls.subList(4, 8));
        assertEquals(2, nvtx.texts.size());
    }

    @Test
    void withoutALibraryItIsOneLine() {
        RangesProbe.Unavailable none = assertInstanceOf(RangesProbe.Unavailable.class,
                CudaDevices.openRanges(List.of("libpenstock-none.so.1", "libpenstock-none.so")));
        assertEquals("there is no NVTX (libpenstock-none.so.1 or libpenstock-none.so): install it, such as by pip"
                + " install nvidia-nvtx-cu12, and name its lib folder in LD_LIBRARY_PATH", none.message());
        assertTrue(none.message().lines().count() == 1);
    }

    /** The names are looked up where the library is opened, not in the first step. */
    @Test
    void aLibraryThatIsNotNvtxIsRefused() {
        assertThrows(NoSuchElementException.class, () -> new NativeNvtx("libc.so.6"));
        assertThrows(IllegalArgumentException.class, () -> new NativeNvtx("libpenstock-none.so.1"));
    }
}
