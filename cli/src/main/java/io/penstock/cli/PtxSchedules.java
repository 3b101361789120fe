package io.penstock.cli;

import io.penstock.device.DeviceException;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.emulator.ptx.PtxModule;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** One launch, run on the emulator in several orders, each from the same inputs in new memory. */
final class PtxSchedules {
    private static final int MAX_INPUT_BYTES = Integer.MAX_VALUE - 1024;

    private final String ptx;
    private final int computeCapability;
    private final String entry;
    private final LaunchShape shape;
    private final List<PtxArgument> arguments;
    private final byte[][] inputs;
    private byte[][] outputs = {};

    /** @throws InputException if an input cannot be read */
    PtxSchedules(String ptx, String entry, LaunchShape shape, List<PtxArgument> arguments) {
        this.ptx = ptx;
        this.computeCapability = PtxModule.parse(ptx).target().startsWith("sm_9") ? 90 : 80;
        this.entry = entry;
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
                problem = " has " + Files.size(file) + " bytes; one allocation has at most " + MAX_INPUT_BYTES;
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

    /**
     * Runs the seeds from {@code firstSeed} on; the last one's outputs stay.
     *
     * @throws InputException if the launch is not possible at all
     */
    void run(long firstSeed, int numSchedules, int maxCtas, PtxReport report) {
        for (int i = 0; i < numSchedules; i++) {
            byte[][] before = outputs;
            EmulatorOptions options = EmulatorOptions.collecting(firstSeed + i).sampling(maxCtas)
                    .on(computeCapability);
            try (EmulatorDevice device = new EmulatorDevice(options)) {
                try {
                    outputs = run(device);
                } catch (DeviceException e) {
                    if (device.faults().isEmpty()) {
                        throw new InputException(e.context(), e);
                    }
                }
                report.addSchedule(firstSeed + i, device.faults(), device.counters().values());
            }
            for (int k = 0; k < before.length; k++) {
                if (!Arrays.equals(before[k], outputs[k])) {
                    report.addDiffering(arguments.get(k).text());
                }
            }
        }
    }

    private byte[][] run(EmulatorDevice device) {
        Stream stream = device.createStream("run-ptx");
        Kernel kernel = device.loadModule(entry, ptx).kernel(entry);
        kernel.setMaxDynamicShared(shape.dynamicSharedBytes());
        KernelArgs args = new KernelArgs(kernel.signature());
        DeviceMemory[] memories = new DeviceMemory[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            switch (arguments.get(i)) {
                case PtxArgument.Value value -> args.setBytes(i, value.bytes());
                case PtxArgument.Buffer buffer -> {
                    memories[i] = memory(device, stream, i, buffer);
                    args.setPointer(i, memories[i].address());
                }
            }
        }
        stream.launch(kernel, shape, args);
        byte[][] after = new byte[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            if (arguments.get(i) instanceof PtxArgument.Buffer buffer && buffer.out() != null) {
                after[i] = read(stream, memories[i]);
            }
        }
        return after;
    }

    private DeviceMemory memory(EmulatorDevice device, Stream stream, int index, PtxArgument.Buffer buffer) {
        Path file = buffer.in() == null ? buffer.out() : buffer.in();
        int numBytes = inputs[index] == null ? buffer.numBytes() : inputs[index].length;
        DeviceMemory memory = device.allocate("argument " + index + " (" + file.getFileName() + ")", numBytes);
        if (inputs[index] != null) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment bytes = arena.allocate(numBytes);
                MemorySegment.copy(inputs[index], 0, bytes, ValueLayout.JAVA_BYTE, 0, numBytes);
                stream.copyToDevice(memory, 0, bytes, 0, numBytes);
                stream.synchronize();
            }
        }
        return memory;
    }

    private static byte[] read(Stream stream, DeviceMemory memory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(memory.sizeBytes());
            stream.copyToHost(bytes, 0, memory, 0, memory.sizeBytes());
            stream.synchronize();
            return bytes.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** Writes what the last schedule left in the outputs; nothing if the kernel could not be launched. */
    void writeOutputs() {
        for (int i = 0; i < outputs.length; i++) {
            if (outputs[i] != null && arguments.get(i) instanceof PtxArgument.Buffer buffer) {
                try {
                    Files.write(buffer.out(), outputs[i]);
                } catch (IOException e) {
                    throw new InputException("cannot write " + buffer.out() + ": " + e.getMessage(), e);
                }
            }
        }
    }
}
