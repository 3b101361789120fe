package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.kernels.QkNormRopeStoreKernel;
import io.penstock.kernels.ShortConvKernel;
import io.penstock.runtime.check.Closeness;
import io.penstock.runtime.check.Samples;
import io.penstock.runtime.cuda.DeviceBuffers.Buffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rows that only fill a graph's batch touch no state: their slots are negative. */
class PaddingTest {
    private static final int HIDDEN = 80;

    private final EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(1));
    private final Stream stream = device.createStream("padding");
    private final Samples samples = new Samples(1);

    @Test
    void paddingSequencesReadAndWriteNoConvState() {
        float[] states = samples.normal(2 * 2 * HIDDEN, 1);
        float[] after;
        try (ShortConvKernel kernel = new ShortConvKernel(device, HIDDEN);
                DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            Buffer slots = buffers.inOut("states", states);
            Buffer out = buffers.output("out", 2L * 4 * HIDDEN);
            long minusOnes = buffers.ints("minus ones", -1, -1, -1).address();
            kernel.launch(stream, out.address(), buffers.bf16("bcx", samples.normal(4 * 3 * HIDDEN, 1)).address(),
                    new ShortConvKernel.LayerAddresses(
                            buffers.bf16("conv", samples.normal(3 * HIDDEN, 1)).address(),
                            slots.address(), slots.address(), 2 * HIDDEN),
                    new ShortConvKernel.SequenceAddresses(
                            buffers.ints("token_seqs", 0, 1, 2, 2).address(),
                            buffers.ints("cu_seqlens_q", 0, 1, 2, 4).address(),
                            buffers.ints("seq_lens_k", 9, 9, 9).address(),
                            buffers.ints("conv_slots", 1, -1, -1).address(), minusOnes, minusOnes, minusOnes),
                    4, 0);
            after = buffers.readBf16(slots);
        }
        assertEquals(List.of(), device.faults());
        int half = 2 * HIDDEN;
        new Closeness().requireSame("slot 0", HIDDEN, Arrays.copyOf(states, half), Arrays.copyOf(after, half));
        new Closeness().requireSame("slot 1, older", HIDDEN, Arrays.copyOfRange(states, half + HIDDEN, 2 * half),
                Arrays.copyOfRange(after, half, half + HIDDEN));
    }

    @Test
    void paddingTokensAreLeftAlone() {
        int columns = 3 * 64;
        float[] qkv = samples.normal(3 * columns, 1);
        float[] blocks = samples.normal(2 * 64 * 64, 1);
        try (QkNormRopeStoreKernel kernel = new QkNormRopeStoreKernel(device, 1, 1, Samples.EPS);
                DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            Buffer heads = buffers.inOut("qkv", qkv);
            Buffer kv = buffers.inOut("KV blocks", blocks);
            long norm = buffers.bf16("norm", samples.normal(64, 1)).address();
            kernel.launch(stream, heads.address(),
                    new QkNormRopeStoreKernel.LayerAddresses(kv.address(), norm, norm),
                    new QkNormRopeStoreKernel.TokenAddresses(
                            buffers.float32("angles", new float[64]).address(),
                            buffers.ints("positions", 0, -7, -7).address(),
                            buffers.ints("slot_mapping", 5, -1, -1).address()),
                    3);
            float[] after = buffers.readBf16(heads);
            new Closeness().requireSame("qkv of padding", columns, Arrays.copyOfRange(qkv, columns, qkv.length),
                    Arrays.copyOfRange(after, columns, qkv.length));
            float[] stored = buffers.readBf16(kv);
            Arrays.fill(blocks, 5 * 64, 6 * 64, 0);
            System.arraycopy(stored, 64 * 64 + 5 * 64, blocks, 64 * 64 + 5 * 64, 64);
            new Closeness().requireSame("KV blocks", 64, blocks, stored);
        }
        assertEquals(List.of(), device.faults());
    }
}
