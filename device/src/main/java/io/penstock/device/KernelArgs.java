package io.penstock.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The argument values of one kernel, in native memory and laid out as its signature says. A launcher keeps one and
 * rewrites the values that change; a launch allocates nothing. One thread at a time uses it.
 */
public final class KernelArgs {
    private final KernelSignature signature;
    private final int[] offsets;
    private final int[] sizes;
    private final boolean[] isFloat;
    private final boolean[] isSet;
    private final MemorySegment values;
    private final MemorySegment readOnlyValues;
    private int numUnset;

    public KernelArgs(KernelSignature signature) {
        this.signature = signature;
        int numParameters = signature.parameters().size();
        this.offsets = new int[numParameters];
        this.sizes = new int[numParameters];
        this.isFloat = new boolean[numParameters];
        this.isSet = new boolean[numParameters];
        this.numUnset = numParameters;
        for (int i = 0; i < numParameters; i++) {
            KernelSignature.Parameter parameter = signature.parameters().get(i);
            offsets[i] = parameter.offsetBytes();
            sizes[i] = parameter.sizeBytes();
            isFloat[i] = parameter.kind() == 'f';
        }
        this.values = Arena.ofAuto().allocate(Math.max(1, signature.sizeBytes()), 16);
        this.readOnlyValues = values.asReadOnly();
    }

    public KernelSignature signature() {
        return signature;
    }

    /** Sets a 64-bit address on the device, such as that of a {@link DeviceMemory} plus an offset. */
    public KernelArgs setPointer(int index, long address) {
        return setLong(index, address);
    }

    /** Sets a 64-bit integer. */
    public KernelArgs setLong(int index, long value) {
        require(index, Long.BYTES, false);
        values.set(ValueLayout.JAVA_LONG, offsets[index], value);
        return this;
    }

    /** Sets a 32-bit integer. */
    public KernelArgs setInt(int index, int value) {
        require(index, Integer.BYTES, false);
        values.set(ValueLayout.JAVA_INT, offsets[index], value);
        return this;
    }

    /** Sets a 32-bit float. */
    public KernelArgs setFloat(int index, float value) {
        require(index, Float.BYTES, true);
        values.set(ValueLayout.JAVA_FLOAT, offsets[index], value);
        return this;
    }

    /** Sets all bytes of a parameter of any type, such as a structure, as they lie in memory. */
    public KernelArgs setBytes(int index, byte[] value) {
        require(index, value.length, isFloat[index]);
        MemorySegment.copy(value, 0, values, ValueLayout.JAVA_BYTE, offsets[index], value.length);
        return this;
    }

    private void require(int index, int sizeBytes, boolean asFloat) {
        if (sizes[index] != sizeBytes || isFloat[index] != asFloat) {
            throw new IllegalArgumentException(signature.kernel() + ": argument " + index + " is "
                    + signature.parameters().get(index) + ", not " + (asFloat ? "a float" : "an integer") + " of "
                    + sizeBytes + " bytes");
        }
        if (!isSet[index]) {
            isSet[index] = true;
            numUnset--;
        }
    }

    /**
     * All values, read-only, {@link KernelSignature#sizeBytes()} bytes or one byte if there is no parameter. Native
     * memory that lives as long as this object: whoever hands its address to native code keeps this reachable.
     *
     * @throws IllegalArgumentException if the kernel is another one, or an argument was never set
     */
    public MemorySegment valuesFor(Kernel kernel) {
        if (kernel.signature() != signature && !kernel.signature().equals(signature)) {
            throw new IllegalArgumentException("arguments of " + signature + " in a launch of " + kernel.signature());
        }
        if (numUnset > 0) {
            int index = 0;
            while (isSet[index]) {
                index++;
            }
            throw new IllegalArgumentException(signature.kernel() + ": argument " + index + ", "
                    + signature.parameters().get(index) + ", is not set");
        }
        return readOnlyValues;
    }
}
