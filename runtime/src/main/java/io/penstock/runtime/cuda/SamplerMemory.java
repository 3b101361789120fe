package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.kernels.LogprobsKernel;
import io.penstock.kernels.SampleKernel;
import io.penstock.runtime.ModelLimits;

/**
 * What sampling holds on a device, allocated once.
 *
 * <pre>
 *   slots:   [conv slot], each {@link SlotWriter#SLOT_BYTES}: parameters, and what is known of the sequence
 *   allowed: [conv slot][words], int: tokens that may be drawn, where the slot says so
 *   seen:    [conv slot][words], int: tokens that penalties are about
 *   masks:   [mask][words], int: the step's token masks
 *   scratch: [row] of SampleKernel's partial results
 *   parts:   [row] of LogprobsKernel's partial results
 *   results: [row], int, the sampled tokens; then [row] of log probabilities
 * </pre>
 */
final class SamplerMemory implements AutoCloseable {
    private final Closing closing = new Closing();
    private final DeviceMemory slots;
    private final DeviceMemory allowed;
    private final DeviceMemory seen;
    private final DeviceMemory masks;
    private final DeviceMemory scratch;
    private final DeviceMemory parts;
    private final DeviceMemory results;

    /**
     * Allocates what the limits ask for.
     *
     * @param vocab rows of the LM head, padding included
     * @param maxValidTokens the most rows that have a token
     */
    SamplerMemory(Device device, ModelLimits limits, int vocab, int maxValidTokens) {
        long bitmapBytes = (long) Integer.BYTES * SampleKernel.bitmapWords(vocab);
        int rows = limits.maxNumLogits();
        try {
            slots = allocate(device, "sampling slots", SlotWriter.SLOT_BYTES * limits.numConvSlots());
            allowed = allocate(device, "allowed tokens", bitmapBytes * limits.numConvSlots());
            seen = allocate(device, "seen tokens", bitmapBytes * limits.numConvSlots());
            masks = allocate(device, "token masks", Math.max(1, bitmapBytes * limits.masks().maxNumMasks()));
            scratch = allocate(device, "sampling scratch", SampleKernel.resultBytes(maxValidTokens) * rows);
            parts = allocate(device, "log probability scratch", LogprobsKernel.partBytes(maxValidTokens) * rows);
            results = allocate(device, "sampled tokens", resultBytes(rows));
        } catch (RuntimeException | Error e) {
            closing.close();
            throw e;
        }
    }

    private DeviceMemory allocate(Device device, String name, long sizeBytes) {
        return closing.add(device.allocate(name, sizeBytes));
    }

    /** Tokens of all rows, then log probabilities of all rows. */
    static long resultBytes(int maxNumLogits) {
        return (long) (Integer.BYTES + LogprobsKernel.Result.SIZE_BYTES) * maxNumLogits;
    }

    DeviceMemory slots() {
        return slots;
    }

    DeviceMemory allowed() {
        return allowed;
    }

    DeviceMemory seen() {
        return seen;
    }

    DeviceMemory masks() {
        return masks;
    }

    DeviceMemory scratch() {
        return scratch;
    }

    DeviceMemory parts() {
        return parts;
    }

    DeviceMemory results() {
        return results;
    }

    @Override
    public void close() {
        closing.close();
    }
}
