package io.penstock.emulator;

import io.penstock.device.KernelSignature;
import io.penstock.emulator.ptx.PtxModule;
import java.util.LinkedHashMap;
import java.util.Map;

/** The text of a module, read once for all devices of a process: nobody changes what was read. */
record ParsedModule(PtxModule module, Map<String, KernelSignature> signatures) {
    private static final int MAX_KEPT = 64;

    /** By text, those that were asked for last. */
    private static final Map<String, ParsedModule> KEPT = new LinkedHashMap<>(MAX_KEPT, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ParsedModule> eldest) {
            return size() > MAX_KEPT;
        }
    };

    /** Reads a text, or knows it; throws a {@code PtxException} for one that is not understood. */
    static ParsedModule of(String ptx) {
        synchronized (KEPT) {
            ParsedModule known = KEPT.get(ptx);
            if (known == null) {
                known = new ParsedModule(PtxModule.parse(ptx), KernelSignature.parse(ptx));
                KEPT.put(ptx, known);
            }
            return known;
        }
    }
}
