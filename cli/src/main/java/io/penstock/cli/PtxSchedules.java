package io.penstock.cli;

import io.penstock.device.DeviceMemory;
import io.penstock.device.KernelArgs;
import io.penstock.device.KernelSignature;
import io.penstock.device.LaunchShape;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** One launch, run on the emulator in several orders, each from the same inputs in new memory. */
final class PtxSchedules {
    private static final int MAX_INPUT_BYTES = Integer.MAX_VALUE - 1024;

    private final String ptx;
    private final KernelSignature signature;
    private final LaunchShape shape;
    private final List<PtxArgument> arguments;
    private final byte[][] inputs;
    private byte[][] outputs;

    /** @throws InputException if an input cannot be read */
    PtxSchedules(String ptx, KernelSignature signature, LaunchShape shape, List<PtxArgument> arguments) {
        this.ptx = ptx;
        this.signature = signature;
        this.shape = shape;
        this.arguments = arguments;
        this.inputs = new byte[arguments.size()][];
        for (int i = 0; i < inputs.length; i++) {
            if (arguments.get(i) instanceof PtxArgument.Buffer buffer && buffer.in() != null) {
                inputs[i] = read(buffer);
            }
        }
    }

    private static byte[] read(PtxArgument.Buffer buffer) {
        Path file = buffer.in();
        String problem;
        try {
            if (!Files.exists(file)) {
                problem = " does not exist";
            } else if (Files.isDirectory(file)) {
                problem = " is a directory; give a file";
            } else if (Files.size(file) > MAX_INPUT_BYTES) {
                problem = " has " + Files.size(file) + " bytes, more than the " + MAX_INPUT_BYTES + " of one allocation";
            } else {
                byte[] bytes = Files.readAllBytes(file);
                if (bytes.length > 0) {
                    return bytes;
                }
                problem = " is empty; an allocation has at least one byte";
            }
        } catch (IOException e) {
            problem = " cannot be read: " + e.getMessage();
        }
        throw new InputException("--arg " + buffer.text() + ": " + file + problem);
    }

    /** Runs the seeds from {@code firstSeed} on; the last one's outputs stay. */
    void run(long firstSeed, int numSchedules, PtxReport report) {
        for (int i = 0; i < numSchedules; i++) {
            byte[][] before = outputs;
            run(firstSeed + i, report);
            for (int k = 0; before != null && k < outputs.length; k++) {
                if (!Arrays.equals(before[k], outputs[k])) {
                    report.addDiffering(arguments.get(k).text());
                }
            }
        }
    }
}
