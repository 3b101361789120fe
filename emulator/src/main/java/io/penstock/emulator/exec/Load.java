package io.penstock.emulator.exec;

import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;
import io.penstock.emulator.ptx.PtxType;

/** ld and ldu, of one value or a vector. */
final class Load extends Op {
    private final Address address;
    private final PtxType type;
    private final boolean isStrong;
    private AccessLog.Strength strength;
    private final int numBytes;

    /** @param results one slot per element; null for one that nobody wants */
    Load(Address address, PtxType type, Slot[] results, boolean isStrong) {
        this.address = address;
        this.type = type;
        this.targets = results;
        this.isStrong = isStrong;
        this.strength = isStrong ? AccessLog.Strength.BETWEEN_WARPS : AccessLog.Strength.WEAK;
        this.numBytes = type.sizeBytes() * results.length;
    }

    boolean isStrong() {
        return isStrong;
    }

    /** It is read as an atomic variable, or until it changes: lanes of one warp may tell each other so. */
    void readAtomically() {
        strength = AccessLog.Strength.STRONG;
    }

    @Override
    void run(Warp warp, int mask) {
        execute(warp, mask);
    }

    @Override
    void execute(Warp warp, int mask) {
        if (address.isKernelParameter() && address.base() == null && readParameter(warp, mask)) {
            return;
        }
        Memory memory = warp.cta.launch.memory;
        int good = memory.locate(this, warp, mask, address, numBytes, false);
        int written = 0;
        for (int rest = good; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            memory.noteRead(this, warp, lane, numBytes, strength);
            written |= memory.where[lane].isWritten(memory.offsets[lane], numBytes) ? 1 << lane : 0;
        }
        warp.splits.sawStrong |= isStrong;
        int size = type.sizeBytes();
        for (int i = 0; i < targets.length; i++) {
            Slot target = targets[i];
            if (target == null) {
                continue;
            }
            warp.undefined[target.id()] &= ~mask;
            for (int rest = mask; rest != 0; rest &= rest - 1) {
                int lane = Integer.numberOfTrailingZeros(rest);
                long value = (good >>> lane & 1) == 0 ? 0
                        : Bytes.read(memory.where[lane].data(), memory.offsets[lane] + i * size, size);
                warp.write(target, lane, extended(value));
            }
        }
        for (int rest = good & ~written; rest != 0; rest &= rest - 1) {
            unwritten(warp, Integer.numberOfTrailingZeros(rest), memory);
        }
    }

    /** Reads once what is the same for all lanes, unless something is wrong with it. */
    private boolean readParameter(Warp warp, int mask) {
        Allocation parameters = warp.cta.launch.parameters;
        long at = address.offset();
        if (at < 0 || at + numBytes > parameters.sizeBytes() || (at & numBytes - 1) != 0
                || !parameters.isWritten((int) at, numBytes)) {
            return false;
        }
        warp.splits.sawStrong |= isStrong;
        int size = type.sizeBytes();
        for (int i = 0; i < targets.length; i++) {
            if (targets[i] != null) {
                long value = extended(Bytes.read(parameters.data(), (int) at + i * size, size));
                warp.undefined[targets[i].id()] &= ~mask;
                for (int rest = mask; rest != 0; rest &= rest - 1) {
                    warp.write(targets[i], Integer.numberOfTrailingZeros(rest), value);
                }
            }
        }
        return true;
    }

    /** A value narrower than its register is extended as its type says; 16 bits stay 16 bits. */
    private long extended(long value) {
        return switch (type) {
            case S8 -> (byte) value;
            case S16 -> (short) value;
            case S32 -> (int) value;
            default -> value;
        };
    }

    private void unwritten(Warp warp, int lane, Memory memory) {
        Allocation allocation = memory.where[lane];
        int offset = memory.offsets[lane];
        memory.notOrdinary(this, warp, lane, numBytes);
        int size = type.sizeBytes();
        for (int i = 0; i < targets.length; i++) {
            if (targets[i] == null) {
                continue;
            }
            long bits = 0;
            boolean isSpoiled = false;
            for (int at = 0; at < size; at++) {
                int place = offset + i * size + at;
                bits |= (long) allocation.undefinedBits(place) << 8 * at;
                isSpoiled |= allocation.states()[place] == Allocation.SPOILED;
            }
            if (bits != 0) {
                warp.setUndefined(targets[i], lane, bits, isSpoiled);
            }
        }
    }
}
