package io.penstock.device.cuda;

import io.penstock.device.ProfilerRanges;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/** Ranges by NVTX. A name becomes native text when it is first seen, and stays; there are few. Used by one thread. */
final class NvtxRanges implements ProfilerRanges {
    private final Nvtx nvtx;
    private final Map<String, Long> texts = new HashMap<>();

    NvtxRanges(Nvtx nvtx) {
        this.nvtx = nvtx;
    }

    @Override
    public void push(String name) {
        Long address = texts.get(name);
        if (address == null) {
            address = Arena.global().allocateFrom(name).address();
            texts.put(name, address);
        }
        nvtx.nvtxRangePushA(address);
    }

    @Override
    public void pop() {
        nvtx.nvtxRangePop();
    }
}
