package io.penstock.emulator.exec;

import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.ptx.PtxException;
import io.penstock.emulator.ptx.PtxInstruction;
import io.penstock.emulator.ptx.PtxOperand;
import io.penstock.emulator.ptx.PtxRegister;
import io.penstock.emulator.ptx.PtxType;
import io.penstock.emulator.ptx.PtxVariable;
import io.penstock.emulator.ptx.StateSpace;
import java.util.HashMap;
import java.util.Map;

/** Operands of a function's instructions: which slot holds each. */
final class Operands {
    final Program program;
    final Program.Function function;
    private final Map<String, Allocation> globals;
    private final Map<String, Long> functionAddresses;
    private final Map<PtxRegister, Slot> registers = new HashMap<>();
    private final Map<String, Slot> specials;

    Operands(Program program, Program.Function function, Map<String, Allocation> globals,
            Map<String, Long> functionAddresses, Map<String, Slot> specials) {
        this.program = program;
        this.function = function;
        this.globals = globals;
        this.functionAddresses = functionAddresses;
        this.specials = specials;
    }

    Slot register(PtxRegister register) {
        return registers.computeIfAbsent(register, unused -> {
            Slot slot = register.type() == PtxType.PRED ? program.newPredicate()
                    : register.type().isWide() ? program.newLong() : program.newInt();
            function.slots.add(slot);
            return slot;
        });
    }

    /** The slot of a source operand of a type. */
    Slot source(PtxInstruction at, PtxOperand operand, PtxType type) {
        return switch (operand) {
            case PtxOperand.Register register -> {
                Slot slot = register(register.register());
                if (register.register().type() == PtxType.B128 || slot.isLong() != type.isWide()
                        && slot.of() != Slot.Class.PREDICATE) {
                    throw PtxException.unsupported(at.line(), at.name() + " with the register "
                            + register.register().name() + " of type " + register.register().type().word());
                }
                yield slot;
            }
            case PtxOperand.Immediate immediate -> immediate(immediate, type);
            case PtxOperand.Symbol symbol -> constant(address(at, symbol), type);
            case PtxOperand.Special special -> special(at, special.name(), type);
            case PtxOperand.Name name -> constant(functionAddress(at, name.name()), type);
            default -> throw PtxException.unsupported(at.line(), "an operand of " + at.name());
        };
    }

    private Slot immediate(PtxOperand.Immediate immediate, PtxType type) {
        long bits = immediate.bits();
        switch (immediate.kind()) {
            case F32 -> bits = type == PtxType.F64 ? Floats.bits((double) Floats.f(bits)) : bits;
            case F64 -> bits = type == PtxType.F32 ? Floats.bits((float) Floats.d(bits)) : bits;
            case INTEGER -> {
                if (type == PtxType.F32) {
                    bits = Floats.bits((float) bits);
                } else if (type == PtxType.F64) {
                    bits = Floats.bits((double) bits);
                }
            }
        }
        return constant(type.sizeBytes() == 2 ? bits & 0xFFFF : bits, type);
    }

    Slot constant(long bits, PtxType type) {
        return type.isWide() ? program.constant(bits) : program.constant((int) bits);
    }

    private Slot special(PtxInstruction at, String name, PtxType type) {
        if (!SpecialRegisters.isKnown(name)) {
            throw PtxException.unsupported(at.line(), "the special register %" + name + " in " + at.name());
        }
        return specials.computeIfAbsent(name + (type.isWide() ? ".64" : ".32"), unused -> {
            Slot slot = type.isWide() ? program.newLong() : program.newInt();
            program.specials.add(new Program.Special(name, slot));
            return slot;
        });
    }

    boolean isFrame(PtxOperand operand) {
        return operand instanceof PtxOperand.Symbol symbol && function.offsets.containsKey(symbol.variable());
    }

    long frameOffset(PtxOperand operand) {
        PtxOperand.Symbol symbol = (PtxOperand.Symbol) operand;
        return function.offsets.get(symbol.variable()) + symbol.offsetBytes();
    }

    /** The address of a variable in its state space. */
    private long address(PtxInstruction at, PtxOperand.Symbol symbol) {
        PtxVariable variable = symbol.variable();
        long offset = symbol.offsetBytes();
        if (program.parameterOffsets.containsKey(variable)) {
            return program.parameterOffsets.get(variable) + offset;
        }
        if (variable.space() == StateSpace.SHARED) {
            if (variable.isExtern() || variable.sizeBytes() == 0) {
                return program.dynamicOffset + offset;
            }
            for (Program.SharedVariable shared : program.shared) {
                if (shared.name().equals(variable.name())) {
                    return shared.offset() + offset;
                }
            }
        }
        Allocation global = globals.get(variable.name());
        if (global == null) {
            throw PtxException.unsupported(at.line(), "the address of " + variable.name());
        }
        return global.address() + offset;
    }

    private long functionAddress(PtxInstruction at, String name) {
        Long address = functionAddresses.get(name);
        if (address == null) {
            throw PtxException.syntax(at.line(), name + " is not declared");
        }
        return address;
    }

    /** The slot of a result of a type. */
    Slot target(PtxInstruction at, PtxOperand operand) {
        if (operand instanceof PtxOperand.Register register) {
            return register(register.register());
        }
        boolean isPart = operand instanceof PtxOperand.Special special && special.name().indexOf('.') > 0;
        if (operand instanceof PtxOperand.Pair || isPart) {
            throw PtxException.unsupported(at.line(), at.name() + " with this kind of result");
        }
        throw PtxException.syntax(at.line(), "a register expected as the result of " + at.name());
    }

    Slot targetOrNull(PtxInstruction at, PtxOperand operand) {
        return operand instanceof PtxOperand.Sink ? null : target(at, operand);
    }

    /** A memory operand; {@code space} is the instruction's. */
    Address address(PtxInstruction at, PtxOperand operand, StateSpace space) {
        if (!(operand instanceof PtxOperand.Address address)) {
            throw PtxException.syntax(at.line(), "an address in brackets expected");
        }
        long offset = address.offsetBytes();
        PtxOperand base = address.base();
        if (isFrame(base)) {
            return new Address(space, null, offset + frameOffset(base), true, false);
        }
        boolean isEntry = function.source.isEntry();
        if (base instanceof PtxOperand.Symbol symbol) {
            boolean isParameter = program.parameterOffsets.containsKey(symbol.variable());
            StateSpace in = space == StateSpace.GENERIC && !isParameter ? symbol.variable().space() : space;
            return new Address(in, null, offset + address(at, symbol), false, isParameter);
        }
        if (base instanceof PtxOperand.Immediate immediate) {
            return new Address(space, null, offset + immediate.bits(), false, space == StateSpace.PARAM && isEntry);
        }
        if (base instanceof PtxOperand.Register register) {
            return new Address(space, register(register.register()), offset, false,
                    space == StateSpace.PARAM && isEntry);
        }
        throw PtxException.unsupported(at.line(), "an address of " + at.name());
    }

    static long window(StateSpace space) {
        return switch (space) {
            case SHARED, SHARED_CLUSTER -> AddressSpace.SHARED_WINDOW;
            case LOCAL -> AddressSpace.LOCAL_WINDOW;
            case PARAM -> AddressSpace.PARAM_WINDOW;
            case GLOBAL, CONST, GENERIC -> 0;
        };
    }
}
