package io.penstock.emulator.corpus;

import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.KernelSignature;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.emulator.check.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPInputStream;

/**
 * What one launch of a program left behind.
 *
 * @param buffers by argument; null where the argument is a value
 */
record Outcome(List<Fault> faults, List<ByteBuffer> buffers) {
    private static final Map<String, String> PTX = new ConcurrentHashMap<>();

    /** The text of a PTX of the corpus, such as {@code legal/scans}. */
    static String ptx(String name) {
        return PTX.computeIfAbsent(name, _ -> {
            try (InputStream in = new GZIPInputStream(
                    Outcome.class.getResourceAsStream("/corpus/" + name + ".ptx.gz"))) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    static Set<String> entries(String name) {
        return KernelSignature.parse(ptx(name)).keySet();
    }

    /** Runs a program of a PTX of the corpus on a device of its own. */
    static Outcome of(String ptx, Program program, long seed) {
        EmulatorOptions options = EmulatorOptions.collecting(seed).on(ptx.startsWith("hopper") ? 90 : 80);
        try (EmulatorDevice device = new EmulatorDevice(options);
                Arena arena = Arena.ofConfined()) {
            Stream stream = device.createStream("corpus", program.inFront == null ? Stream.Serialization.FULL
                    : Stream.Serialization.PROGRAMMATIC);
            DeviceModule module = device.loadModule(ptx, ptx(ptx));
            Kernel kernel = module.kernel(program.entry);
            kernel.setMaxDynamicShared(program.sharedBytes);
            KernelArgs args = new KernelArgs(kernel.signature());
            DeviceMemory[] memories = new DeviceMemory[program.arguments.size()];
            for (int i = 0; i < memories.length; i++) {
                Program.Argument argument = program.arguments.get(i);
                if (argument.value() != null) {
                    args.setBytes(i, argument.value());
                    continue;
                }
                memories[i] = device.allocate(bufferName(i), argument.numBytes());
                args.setPointer(i, memories[i].address());
                if (argument.initial() != null) {
                    MemorySegment initial = arena.allocate(argument.numBytes());
                    MemorySegment.copy(argument.initial(), 0, initial, ValueLayout.JAVA_BYTE, 0, argument.numBytes());
                    stream.copyToDevice(memories[i], 0, initial, 0, argument.numBytes());
                }
            }
            LaunchShape shape = new LaunchShape(program.block[0], program.block[1], program.block[2])
                    .grid(program.grid[0], program.grid[1], program.grid[2])
                    .dynamicShared(program.sharedBytes);
            if (program.inFront != null) {
                Kernel inFront = module.kernel(program.inFront);
                KernelArgs same = new KernelArgs(inFront.signature());
                for (int i = 0; i < memories.length; i++) {
                    same.setPointer(i, memories[i].address());
                }
                stream.launch(inFront, shape, same);
            }
            stream.launch(kernel, shape, args);
            stream.synchronize();
            List<ByteBuffer> buffers = new ArrayList<>();
            for (DeviceMemory memory : memories) {
                buffers.add(memory == null ? null : read(memory, stream, arena));
            }
            return new Outcome(device.faults(), buffers);
        }
    }

    private static ByteBuffer read(DeviceMemory memory, Stream stream, Arena arena) {
        MemorySegment copy = arena.allocate(memory.sizeBytes());
        stream.copyToHost(copy, 0, memory, 0, memory.sizeBytes());
        stream.synchronize();
        return ByteBuffer.wrap(copy.toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
    }

    static String bufferName(int argument) {
        return "argument " + argument;
    }

    /** All outputs that are not as expected, in lines. */
    String problems(Program program) {
        StringBuilder problems = new StringBuilder();
        for (int i = 0; i < program.arguments.size(); i++) {
            Program.Check check = program.arguments.get(i).check();
            String problem = check == null ? null : check.problem(buffers.get(i));
            if (problem != null) {
                problems.append(bufferName(i)).append(": ").append(problem).append('\n');
            }
        }
        return problems.toString();
    }
}
