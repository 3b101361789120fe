package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.kernels.AddRmsNormRouteTopKKernel;
import io.penstock.kernels.CombineAddRmsNormKernel;
import io.penstock.kernels.WeightFormat;
import io.penstock.kernels.QkNormRopeStoreKernel;
import io.penstock.kernels.ShortConvKernel;
import io.penstock.runtime.check.Closeness;
import io.penstock.runtime.check.OperationBackend.Routed;
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

    /** Padding is normalised, so that what follows finds numbers, and is left out of everything else. */
    @Test
    void paddingTokensHaveNoExperts() {
        int numTokens = 19;
        int numReal = 10;
        AddRmsNormRouteTopKKernel.Rule rule = new AddRmsNormRouteTopKKernel.Rule(8, 2, true, 1);
        float[] residual = samples.normal(numTokens * HIDDEN, 1);
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream);
                AddRmsNormRouteTopKKernel route = new AddRmsNormRouteTopKKernel(
                        device, HIDDEN, Samples.EPS, rule, WeightFormat.ROW_MAJOR);
                CombineAddRmsNormKernel combine = new CombineAddRmsNormKernel(device, HIDDEN, 2, Samples.EPS)) {
            long realTokens = buffers.ints("num_real_tokens", numReal).address();
            Buffer sum = buffers.inOut("residual", residual);
            Buffer out = buffers.output("out", 2L * residual.length);
            RoutingBuffers routing = RoutingBuffers.unwritten(buffers, numTokens, 8, 2);
            long norm = buffers.bf16("norm", samples.normal(HIDDEN, 1)).address();
            route.launch(stream, sum.address(), out.address(),
                    buffers.bf16("update", new float[residual.length]).address(),
                    new AddRmsNormRouteTopKKernel.LayerAddresses(
                            norm, buffers.bf16("gate", samples.normal(8 * HIDDEN, 1)).address(), 0),
                    routing.routing().addresses(), realTokens, numTokens);
            Routed routed = routing.read(buffers.readBf16(sum), buffers.readBf16(out));
            assertEquals(2 * numReal, routed.offsets()[8], "pairs of real tokens");
            for (int p = 0; p < 2 * numTokens; p++) {
                assertEquals(p >= 2 * numReal, routed.choice().expertIds()[p] == -1, "pair " + p + " is left alone");
                assertEquals(p >= 2 * numReal, routed.sortedPairs()[p] == -1, "place " + p + " is left alone");
            }
            // As large as the real tokens' outputs: the emulator sees a read of any other.
            long expertOut = buffers.bf16("expert_out", samples.normal(2 * numReal * HIDDEN, 1)).address();
            combine.launch(stream, sum.address(), out.address(), expertOut, norm, realTokens, numTokens);
            new Closeness().requireSame("residual of padding", HIDDEN,
                    Arrays.copyOfRange(residual, numReal * HIDDEN, residual.length),
                    Arrays.copyOfRange(buffers.readBf16(sum), numReal * HIDDEN, residual.length));
        }
        assertEquals(List.of(), device.faults());
    }
}
