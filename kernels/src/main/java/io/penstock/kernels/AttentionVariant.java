package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.DeviceProperties;
import java.util.Arrays;

/**
 * The variants of {@code attention}. Each sums up in its own instructions, decode and prefill alike, so a device uses
 * one for both: then a token has the same bits however it got into a batch. They read the same plan.
 */
enum AttentionVariant {
    /** By mma.sync: warps take decode items, and copy for themselves; a block takes a prompt's item. */
    MMA(PtxSet.PORTABLE,
            new Kernel("attention_decode_bf16", 232, 0, 128, 4 * 3 * Kernel.TILE_BYTES / 2, 4),
            new Kernel("attention_prefill_bf16", 248, 1, 128, 3 * Kernel.TILE_BYTES + Kernel.EARLIER_SUMS_BYTES, 1)),
    /** By wgmma: warps that copy take items, each for its warpgroup in decode, for two of them in prefill. */
    WGMMA(PtxSet.HOPPER,
            new Kernel("attention_decode_wgmma_bf16", 168, 0, 3 * 128, 2 * Kernel.ringBytes(6), 2),
            new Kernel("attention_prefill_wgmma_bf16", 168, 1, 2 * 128 + 32,
                    Kernel.ringBytes(4) + Kernel.EARLIER_SUMS_BYTES, 1));

    private final PtxSet set;
    private final Kernel decode;
    private final Kernel prefill;

    AttentionVariant(PtxSet set, Kernel decode, Kernel prefill) {
        this.set = set;
        this.decode = decode;
        this.prefill = prefill;
    }

    /** The variant for a device: the fastest that there is. */
    static AttentionVariant of(DeviceProperties device) {
        return switch (PtxSet.of(device)) {
            case PORTABLE -> MMA;
            case HOPPER -> WGMMA;
        };
    }

    PtxSet set() {
        return set;
    }

    /** For tokens that are alone in their sequence's step. */
    Kernel decode() {
        return decode;
    }

    /** For the tokens of prompts. */
    Kernel prefill() {
        return prefill;
    }

    /** Who takes items, as many as a device holds at a time. */
    AttentionPlan.Workers workers(DeviceProperties device) {
        return new AttentionPlan.Workers(
                decode.numBlocks(device) * decode.workers(), prefill.numBlocks(device) * prefill.workers());
    }

    /**
     * One of a variant's two kernels, whose blocks stay as long as there are items.
     *
     * @param maxRegisters of a thread
     * @param moreInts arguments behind those that both have
     * @param threads of a block
     * @param sharedBytes dynamic shared memory of a block
     * @param workers of a block: who take items
     */
    record Kernel(String name, int maxRegisters, int moreInts, int threads, int sharedBytes, int workers) {
        /** Keys and values of 64 tokens. */
        private static final int TILE_BYTES = 2 * 64 * 64 * Short.BYTES;

        /** A prompt's rows over earlier chunks. */
        private static final int EARLIER_SUMS_BYTES = AttentionPlan.PREFILL_ROWS * 64 * Float.BYTES;

        private static final int ITEM_AND_BARRIER_BYTES = AttentionPlan.ITEM_INTS * Integer.BYTES + 2 * Long.BYTES;
        private static final int SWIZZLE_BYTES = 1024;

        /** Tiles, each with an item and two barriers. */
        private static int ringBytes(int numStages) {
            int bytes = numStages * (TILE_BYTES + ITEM_AND_BARRIER_BYTES);
            return Math.ceilDiv(bytes, SWIZZLE_BYTES) * SWIZZLE_BYTES;
        }

        EntryPoint entry() {
            EntryPoint.Type[] types = new EntryPoint.Type[7 + 3 + moreInts];
            Arrays.fill(types, INT);
            Arrays.fill(types, 0, 7, POINTER);
            return new EntryPoint(name, maxRegisters, types);
        }

        /** Blocks that a device holds at a time. */
        int numBlocks(DeviceProperties device) {
            int each = Occupancy.of(device, maxRegisters, threads, sharedBytes).numBlocks();
            return device.cores().numMultiprocessors() * Math.max(1, each);
        }
    }
}
