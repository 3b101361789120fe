package io.penstock.emulator.exec;

import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;
import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxFunction;
import io.penstock.emulator.ptx.PtxModule;
import io.penstock.emulator.ptx.PtxVariable;
import io.penstock.emulator.ptx.StateSpace;
import java.util.HashMap;
import java.util.Map;

/** A module in an address space: its variables have memory, its entries are decoded when first asked for. */
public final class EmulatedModule {
    private final PtxModule module;
    private final AddressSpace space;
    private final Map<String, Allocation> globals = new HashMap<>();
    private final Map<String, Long> functionAddresses = new HashMap<>();
    private final Map<String, EmulatedKernel> kernels = new HashMap<>();

    /** Gives the module's variables memory, and their initial values. */
    public EmulatedModule(String name, PtxModule module, AddressSpace space) {
        this.module = module;
        this.space = space;
        Allocation functions = space.allocate("functions of " + name, 16L * module.functions().size());
        long address = functions.address();
        for (PtxFunction function : module.functions().values()) {
            functionAddresses.put(function.name(), address);
            address += 16;
        }
        functions.fillStates(0, functions.sizeBytes(), Allocation.GAP);
        for (PtxVariable variable : module.variables().values()) {
            boolean isMemory = variable.space() == StateSpace.GLOBAL || variable.space() == StateSpace.CONST;
            if (isMemory && !variable.isExtern()) {
                Allocation allocation = space.allocate(variable.name(), variable.sizeBytes());
                allocation.fillStates(0, allocation.sizeBytes(), Allocation.WRITTEN);
                if (variable.space() == StateSpace.CONST) {
                    allocation.makeConstant();
                }
                globals.put(variable.name(), allocation);
            }
        }
        for (PtxVariable variable : module.variables().values()) {
            if (globals.containsKey(variable.name())) {
                initialise(variable);
            }
        }
    }

    private void initialise(PtxVariable variable) {
        byte[] data = globals.get(variable.name()).data();
        int size = variable.element().sizeBytes();
        int at = 0;
        for (PtxVariable.Initial initial : variable.initial()) {
            long value = initial.bits();
            if (initial.symbol() != null) {
                Allocation other = globals.get(initial.symbol());
                Long function = functionAddresses.get(initial.symbol());
                if (other == null && function == null) {
                    throw PtxException.syntax(0, variable.name() + " is initialised with the address of "
                            + initial.symbol() + ", which has none");
                }
                value += other != null ? other.address() : function;
            }
            Bytes.write(data, at, size, value);
            at += size;
        }
    }

    /** The memory of a variable of the module, or null. */
    public Allocation variable(String name) {
        return globals.get(name);
    }

    /**
     * An entry, decoded.
     *
     * An instruction that is not supported is a fault when it is executed.
     *
     * @throws PtxException if something in it is not PTX
     * @throws IllegalArgumentException if there is no such entry; the message lists those there are
     */
    public synchronized EmulatedKernel kernel(String name) {
        PtxFunction function = module.functions().get(name);
        if (function == null || !function.isEntry()) {
            throw new IllegalArgumentException("no entry " + name + "; there are "
                    + module.functions().values().stream().filter(PtxFunction::isEntry).map(PtxFunction::name)
                    .toList());
        }
        return kernels.computeIfAbsent(name, unused -> new EmulatedKernel(
                new Decoder(module, function, globals, functionAddresses).program(), space));
    }

    /** Gives back the memory of its variables. */
    public void free() {
        globals.values().forEach(space::free);
    }
}
