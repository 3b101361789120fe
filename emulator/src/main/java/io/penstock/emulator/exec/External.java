package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.ptx.PtxVariable;
import java.util.Arrays;
import java.util.List;

/** A call of what CUDA's runtime brings: printing says nothing here, a failed assertion ends the launch. */
final class External extends Op {
    private final Program.Function caller;
    private final String name;
    private final List<PtxVariable> results;

    External(Program.Function caller, String name, List<PtxVariable> results) {
        this.caller = caller;
        this.name = name;
        this.results = results;
    }

    static boolean isKnown(String name) {
        return name.equals("vprintf") || name.equals("__assertfail");
    }

    @Override
    void execute(Warp warp, int mask) {
        if (name.equals("__assertfail")) {
            warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(mask)).fault(FaultKind.UNSUPPORTED,
                    "an assertion of the kernel fails, and the launch ends");
            throw new AbortedException();
        }
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            for (PtxVariable result : results) {
                int at = lane * warp.program.localBytes + warp.frame[lane] + caller.offsets.get(result);
                Arrays.fill(warp.local.data(), at, at + (int) result.sizeBytes(), (byte) 0);
                warp.local.fillStates(at, (int) result.sizeBytes(), Allocation.WRITTEN);
            }
        }
    }
}
