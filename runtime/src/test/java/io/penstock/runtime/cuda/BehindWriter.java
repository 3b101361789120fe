package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A device on which each kernel that may begin before the one in front has ended does so, behind one that reads and
 * writes all rows that it is given: whatever it does with them before it waits is a fault on the emulator.
 */
final class BehindWriter {
    /** What {@link DeviceBackend} calls rows; weights are not written in a step. */
    private static final Set<String> ROWS =
            Set.of("x", "y", "out", "residual", "update", "qkv", "inner", "outer", "expert_out", "bcx");

    private static final int MAX_RANGES = 16;

    /** A block writes what it reads of a range: pairs of an address and a number of words. */
    private static final String WRITER = """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry write_rows(.param .u64 ranges)
            {
              .reg .pred %p;
              .reg .b32 %r<5>;
              .reg .b64 %rd<6>;
              griddepcontrol.launch_dependents;
              ld.param.u64 %rd1, [ranges];
              mov.u32 %r1, %ctaid.x;
              mul.wide.u32 %rd2, %r1, 16;
              add.u64 %rd2, %rd1, %rd2;
              ld.global.u64 %rd3, [%rd2];
              ld.global.u32 %r2, [%rd2+8];
              mov.u32 %r3, %tid.x;
            again:
              setp.ge.u32 %p, %r3, %r2;
              @%p bra done;
              mul.wide.u32 %rd4, %r3, 4;
              add.u64 %rd4, %rd3, %rd4;
              ld.global.u32 %r4, [%rd4];
              st.global.u32 [%rd4], %r4;
              add.u32 %r3, %r3, 128;
              bra again;
            done:
              ret;
            }
            """;

    private final Device device;
    private final Kernel writer;
    private final KernelArgs args;
    private final DeviceMemory table;
    private final MemorySegment ranges;
    private final List<DeviceMemory> rows = new ArrayList<>();
    private boolean isRead;

    private BehindWriter(Device device) {
        this.device = device;
        writer = device.loadModule("writer", WRITER).kernel("write_rows");
        table = device.allocate("ranges", 16L * MAX_RANGES);
        ranges = Arena.ofAuto().allocate(16L * MAX_RANGES, 8);
        args = new KernelArgs(writer.signature()).setPointer(0, table.address());
    }

    static Device of(Device device) {
        BehindWriter behind = new BehindWriter(device);
        return proxy(Device.class, (method, arguments) -> switch (method.getName()) {
            case "createStream" -> behind.stream((String) arguments[0]);
            case "allocate" -> behind.noted((DeviceMemory) method.invoke(device, arguments));
            default -> method.invoke(device, arguments);
        });
    }

    private interface Handler {
        Object call(Method method, Object[] arguments) throws ReflectiveOperationException;
    }

    private static <T> T proxy(Class<T> type, Handler handler) {
        Class<?>[] types = {type};
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), types, (_, method, arguments) -> {
            try {
                return handler.call(method, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }));
    }

    /** Rows of an operation are there until its results are read. */
    private DeviceMemory noted(DeviceMemory memory) {
        if (isRead) {
            rows.clear();
            isRead = false;
        }
        if (ROWS.contains(memory.name())) {
            rows.add(memory);
        }
        return memory;
    }

    private Stream stream(String name) {
        Stream stream = device.createStream(name, Stream.Serialization.PROGRAMMATIC);
        return proxy(Stream.class, (method, arguments) -> {
            isRead |= method.getName().equals("copyToHost");
            if (method.getName().equals("launch") && arguments[0] instanceof Kernel kernel
                    && kernel.signature().waitsForLaunchInFront() && !rows.isEmpty()) {
                write(stream);
            }
            return method.invoke(stream, arguments);
        });
    }

    private void write(Stream stream) {
        for (int i = 0; i < rows.size(); i++) {
            ranges.setAtIndex(ValueLayout.JAVA_LONG, 2 * i, rows.get(i).address());
            ranges.setAtIndex(ValueLayout.JAVA_LONG, 2 * i + 1, rows.get(i).sizeBytes() / Integer.BYTES);
        }
        stream.copyToDevice(table, 0, ranges, 0, 16L * rows.size());
        stream.launch(writer, LaunchShape.ofThreads(128).grid(rows.size(), 1, 1), args);
    }
}
