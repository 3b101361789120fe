package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.CopyBlocksKernel;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ForwardBatch.Copy;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A batch's copies, and the host's swap space in page-locked memory, laid out as the device's:
 *
 * <pre>
 *   swapped blocks: [attention layer][swap block][block's bytes of a layer]
 *   swapped tokens: [swap block][64], int
 *   swapped states: [swap slot][slot's bytes]
 * </pre>
 *
 * Copies take effect one after the other. Copies between blocks that do not meet go together in one launch; those with
 * the host are the device's copy engine's work, neighbours in one transfer.
 */
final class CudaCopies implements AutoCloseable {
    /** Bytes of the token ids of a block. */
    private static final long TOKEN_BYTES = (long) Integer.BYTES * ModelLimits.BLOCK_TOKENS;

    private final CudaMemory memory;
    private final int numKvBlocks;
    private final int numSwapBlocks;
    private final int numLayers;
    private final long blockBytes;
    private final long slotBytes;
    private final CopyBlocksKernel kernel;
    private final PinnedMemory swappedBlocks;
    private final PinnedMemory swappedTokens;
    private final PinnedMemory swappedStates;
    private final int[] readBy;
    private final int[] writtenBy;
    private int launch;

    CudaCopies(Device device, CudaMemory memory, ModelConfig config, ModelLimits limits) {
        this.memory = memory;
        numKvBlocks = limits.numKvBlocks();
        numSwapBlocks = limits.numSwapBlocks();
        numLayers = config.numAttentionLayers();
        blockBytes = memory.blockBytes();
        slotBytes = memory.slotStride() * Short.BYTES;
        kernel = new CopyBlocksKernel(device, config.attention().numKvHeads(), numLayers, numKvBlocks);
        swappedBlocks = device.allocatePinned("swapped blocks", Math.max(1, numLayers * blockBytes * numSwapBlocks));
        swappedTokens = device.allocatePinned("swapped tokens", Math.max(1, TOKEN_BYTES * numSwapBlocks));
        swappedStates = device.allocatePinned("swapped states", Math.max(1, slotBytes * limits.numSwapSlots()));
        readBy = new int[numKvBlocks];
        writtenBy = new int[numKvBlocks];
    }

    /** Queues a batch's copies; where they come from and go to has been uploaded. */
    void run(Stream stream, ForwardBatch batch, DeviceBatch uploaded) {
        int end;
        for (int i = 0; i < batch.numCopies(); i = end) {
            Copy kind = batch.copyKind(i);
            end = kind == Copy.BLOCK ? endOfLaunch(batch, i) : endOfTransfer(batch, i);
            int from = batch.copyFrom(i);
            int to = batch.copyTo(i);
            int count = end - i;
            switch (kind) {
                case BLOCK -> copyBlocks(stream, batch, uploaded, i, end);
                case BLOCK_TO_HOST, BLOCK_FROM_HOST -> transferBlocks(stream, kind, from, to, count);
                case SLOT_TO_HOST -> stream.copyToHost(
                        swappedStates.segment(), slotBytes * to, memory.states(), slotBytes * from, slotBytes * count);
                case SLOT_FROM_HOST -> stream.copyToDevice(
                        memory.states(), slotBytes * to, swappedStates.segment(), slotBytes * from, slotBytes * count);
            }
        }
    }

    private void copyBlocks(Stream stream, ForwardBatch batch, DeviceBatch uploaded, int first, int end) {
        kernel.launch(stream, memory.keysValues().address(), uploaded.copyFrom(first), uploaded.copyTo(first),
                end - first);
        for (int i = first; i < end; i++) {
            if (batch.copyFrom(i) != batch.copyTo(i)) {
                stream.copyOnDevice(memory.blockTokens(), TOKEN_BYTES * batch.copyTo(i), memory.blockTokens(),
                        TOKEN_BYTES * batch.copyFrom(i), TOKEN_BYTES);
            }
        }
    }

    /** The end of the copies from {@code first} on that may go in any order. */
    private int endOfLaunch(ForwardBatch batch, int first) {
        if (++launch == Integer.MAX_VALUE) {
            launch = 1;
            Arrays.fill(readBy, 0);
            Arrays.fill(writtenBy, 0);
        }
        int end = first;
        int last = Math.min(batch.numCopies(), first + CopyBlocksKernel.MAX_COPIES);
        while (end < last && batch.copyKind(end) == Copy.BLOCK) {
            int from = batch.copyFrom(end);
            int to = batch.copyTo(end);
            if (writtenBy[from] == launch || writtenBy[to] == launch || readBy[to] == launch) {
                break;
            }
            readBy[from] = launch;
            writtenBy[to] = launch;
            end++;
        }
        return end;
    }

    /** The end of the copies from {@code first} on that are neighbours on both sides. */
    private static int endOfTransfer(ForwardBatch batch, int first) {
        int end = first + 1;
        while (end < batch.numCopies() && batch.copyKind(end) == batch.copyKind(first)
                && batch.copyFrom(end) == batch.copyFrom(end - 1) + 1
                && batch.copyTo(end) == batch.copyTo(end - 1) + 1) {
            end++;
        }
        return end;
    }

    private void transferBlocks(Stream stream, Copy kind, int from, int to, int count) {
        DeviceMemory blocks = memory.keysValues();
        MemorySegment swapped = swappedBlocks.segment();
        if (kind == Copy.BLOCK_TO_HOST) {
            stream.copyToHost(swappedTokens.segment(), TOKEN_BYTES * to, memory.blockTokens(), TOKEN_BYTES * from,
                    TOKEN_BYTES * count);
        } else {
            stream.copyToDevice(memory.blockTokens(), TOKEN_BYTES * to, swappedTokens.segment(), TOKEN_BYTES * from,
                    TOKEN_BYTES * count);
        }
        for (long layer = 0; layer < numLayers; layer++) {
            if (kind == Copy.BLOCK_TO_HOST) {
                stream.copyToHost(swapped, blockBytes * (layer * numSwapBlocks + to), blocks,
                        blockBytes * (layer * numKvBlocks + from), blockBytes * count);
            } else {
                stream.copyToDevice(blocks, blockBytes * (layer * numKvBlocks + to), swapped,
                        blockBytes * (layer * numSwapBlocks + from), blockBytes * count);
            }
        }
    }

    @Override
    public void close() {
        kernel.close();
        swappedTokens.close();
        swappedStates.close();
        swappedBlocks.close();
    }
}
