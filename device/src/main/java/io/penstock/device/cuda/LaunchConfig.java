package io.penstock.device.cuda;

import io.penstock.device.LaunchShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A {@code CUlaunchConfig} in native memory, rewritten for each launch: seven words of the shape, the stream, and the
 * one attribute behind them, by which a kernel may begin before the one in front of it has ended. Hot: allocates when
 * it is made, and nothing after.
 *
 * <pre>
 *   0 gridDimX, Y, Z, blockDimX, Y, Z, sharedMemBytes | 32 hStream | 40 attrs | 48 numAttrs | 56 end
 *  56 attribute: id, padding | 64 value: programmaticStreamSerializationAllowed, of 64 bytes
 * </pre>
 */
final class LaunchConfig {
    private static final int STREAM = 32;
    private static final int ATTRIBUTES = 40;
    private static final int NUM_ATTRIBUTES = 48;
    private static final int ATTRIBUTE = 56;
    private static final int VALUE = ATTRIBUTE + 8;
    private static final int SIZE_BYTES = VALUE + 64;

    /** {@code CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION}. */
    private static final int PROGRAMMATIC_STREAM_SERIALIZATION = 6;

    private final MemorySegment memory = Arena.ofAuto().allocate(SIZE_BYTES, Long.BYTES);

    /** @param stream its address */
    LaunchConfig(long stream) {
        memory.set(ValueLayout.JAVA_LONG, STREAM, stream);
        memory.set(ValueLayout.JAVA_LONG, ATTRIBUTES, memory.address() + ATTRIBUTE);
        memory.set(ValueLayout.JAVA_INT, NUM_ATTRIBUTES, 1);
        memory.set(ValueLayout.JAVA_INT, ATTRIBUTE, PROGRAMMATIC_STREAM_SERIALIZATION);
        memory.set(ValueLayout.JAVA_INT, VALUE, 1);
    }

    /** Takes a shape over; the address for the driver, which reads it before the launch returns. */
    long of(LaunchShape shape) {
        memory.setAtIndex(ValueLayout.JAVA_INT, 0, shape.gridX());
        memory.setAtIndex(ValueLayout.JAVA_INT, 1, shape.gridY());
        memory.setAtIndex(ValueLayout.JAVA_INT, 2, shape.gridZ());
        memory.setAtIndex(ValueLayout.JAVA_INT, 3, shape.blockX());
        memory.setAtIndex(ValueLayout.JAVA_INT, 4, shape.blockY());
        memory.setAtIndex(ValueLayout.JAVA_INT, 5, shape.blockZ());
        memory.setAtIndex(ValueLayout.JAVA_INT, 6, shape.dynamicSharedBytes());
        return memory.address();
    }
}
