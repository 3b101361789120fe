package io.penstock.emulator.exec;

import io.penstock.emulator.check.Fault;
import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;
import io.penstock.emulator.ptx.PtxModule;
import java.util.ArrayList;
import java.util.List;

/** A kernel around a few instructions: each thread loads its operands, and stores one result. */
final class Lanes {
    private static final String[] NAMES = {"%a", "%b", "%c", "%e"};

    private Lanes() {}

    /** What a launch gave, and what was found. */
    record Run(long[] results, List<Fault> faults) {}

    /** The bits of {@code %d} of each of 32 lanes, after {@code body} with operands from {@code inputs}. */
    static Run run(String body, String target, String[] types, long[][] inputs) {
        return run("", body, target, types, inputs);
    }

    /** @param preamble what stands in front of the kernel */
    static Run run(String preamble, String body, String target, String[] types, long[][] inputs) {
        AddressSpace space = new AddressSpace();
        StringBuilder text = new StringBuilder(".version 8.0\n.target sm_80\n.address_size 64\n")
                .append(preamble).append(".visible .entry k(");
        StringBuilder loads = new StringBuilder("mov.u32 %lane, %tid.x;\nand.b32 %lane, %lane, 31;\n");
        // Warpgroups have four warps, and the first one's results are looked at.
        int numThreads = body.contains("wgmma") || body.contains("setmaxnreg") ? 128 : 32;
        byte[] arguments = new byte[8 * (inputs.length + 1)];
        for (int i = 0; i <= inputs.length; i++) {
            text.append(i == 0 ? "" : ", ").append(".param .u64 p").append(i);
        }
        text.append(")\n{\n.reg .u32 %lane;\n.reg .u64 %at<8>;\n"
                + ".reg .u32 %t<8>;\n.reg .u64 %u<8>;\n.reg .pred %q<8>;\n");
        Allocation out = space.allocate("out", 32L * size(target));
        for (int i = 0; i < inputs.length; i++) {
            int size = size(types[i]);
            Allocation in = space.allocate("in" + i, 32L * size);
            for (int lane = 0; lane < 32; lane++) {
                Bytes.write(in.data(), lane * size, size, inputs[i][lane]);
            }
            in.fillStates(0, in.sizeBytes(), Allocation.WRITTEN);
            Bytes.writeLong(arguments, 8 * (i + 1), in.address());
            text.append(".reg .").append(register(types[i])).append(' ').append(NAMES[i]).append(";\n");
            loads.append("ld.param.u64 %at1, [p").append(i + 1).append("];\nmad.wide.u32 %at1, %lane, ").append(size)
                    .append(", %at1;\nld.global.").append(memory(types[i])).append(' ').append(NAMES[i])
                    .append(", [%at1];\n");
        }
        Bytes.writeLong(arguments, 0, out.address());
        text.append(".reg .").append(register(target)).append(" %d;\n").append(loads).append(body)
                .append("\nld.param.u64 %at0, [p0];\nmad.wide.u32 %at0, %lane, ").append(size(target))
                .append(", %at0;\nmov.u32 %t0, %tid.x;\nsetp.lt.u32 %q0, %t0, 32;\n@%q0 st.global.")
                .append(memory(target)).append(" [%at0], %d;\nret;\n}\n");
        EmulatedModule module = new EmulatedModule("test", PtxModule.parse(text.toString()), space);
        LaunchResult result = module.kernel("k").launch(new LaunchGeometry(1, 1, 1, numThreads, 1, 1, 0), arguments, 1,
                10, 1);
        long[] results = new long[32];
        for (int lane = 0; lane < 32; lane++) {
            results[lane] = Bytes.read(out.data(), lane * size(target), size(target));
        }
        return new Run(results, new ArrayList<>(result.faults()));
    }

    static int size(String type) {
        return type.endsWith("64") ? 8 : type.endsWith("16") ? 2 : type.endsWith("8") ? 1 : 4;
    }

    private static String register(String type) {
        return type.equals("f32") || type.equals("f64") ? type : "b" + 8 * size(type);
    }

    private static String memory(String type) {
        return "b" + 8 * size(type);
    }
}
