package io.penstock.device.cuda;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/**
 * Named ranges of the calling thread's time, nested, which NVIDIA's profilers show. A name becomes native text when it
 * is first seen, and stays; there are few. Used by one thread at a time.
 */
public final class NvtxRanges {
    private final Nvtx nvtx;
    private final Map<String, Long> texts = new HashMap<>();

    NvtxRanges(Nvtx nvtx) {
        this.nvtx = nvtx;
    }

    /** Begins a range within the one that is open. Allocates nothing for a name that it has seen. */
    public void push(String name) {
        Long address = texts.get(name);
        if (address == null) {
            address = Arena.global().allocateFrom(name).address();
            texts.put(name, address);
        }
        nvtx.nvtxRangePushA(address);
    }

    /** Ends the range that was begun last. */
    public void pop() {
        nvtx.nvtxRangePop();
    }
}
