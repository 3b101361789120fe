package io.penstock.kernels;

import io.penstock.device.KernelSignature;
import java.util.List;

/**
 * A kernel as its launcher expects it.
 *
 * @param name of the {@code .entry}
 * @param maxRegisters registers a thread may take: more would let fewer blocks run on a multiprocessor than intended
 * @param parameters in the order of declaration
 */
record EntryPoint(String name, int maxRegisters, List<Type> parameters) {
    /** What a launcher sets, and how PTX declares it. */
    enum Type {
        POINTER(Long.BYTES, false),
        LONG(Long.BYTES, false),
        INT(Integer.BYTES, false),
        FLOAT(Float.BYTES, true);

        private final int sizeBytes;
        private final boolean isFloat;

        Type(int sizeBytes, boolean isFloat) {
            this.sizeBytes = sizeBytes;
            this.isFloat = isFloat;
        }

        private boolean matches(KernelSignature.Parameter parameter) {
            return parameter.sizeBytes() == sizeBytes && parameter.kind() == 'f' == isFloat;
        }
    }

    EntryPoint(String name, int maxRegisters, Type... parameters) {
        this(name, maxRegisters, List.of(parameters));
    }

    /** Refuses a kernel whose parameters are others than those declared here. */
    void require(KernelSignature actual) {
        boolean same = actual.parameters().size() == parameters.size();
        for (int i = 0; same && i < parameters.size(); i++) {
            same = parameters.get(i).matches(actual.parameters().get(i));
        }
        if (!same) {
            throw new IllegalStateException(name + ": the launcher declares " + parameters + ", the PTX has "
                    + actual.parameters() + "; compile the sources with 'make -C kernels ptx'");
        }
    }
}
