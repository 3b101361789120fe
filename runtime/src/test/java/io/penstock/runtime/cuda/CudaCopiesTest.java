package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.device.Kernel;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ForwardBatch.Copy;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.Samples;
import io.penstock.runtime.config.ModelConfig;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How few calls a batch's copies take. */
class CudaCopiesTest {
    private static final ModelLimits LIMITS = new ModelLimits(4, 64, 640, 12, 0, 6);
    private static final ModelConfig CONFIG = Samples.config(64, 64, 4, 2);

    private final List<String> calls = new ArrayList<>();

    /** A stream that notes launches and copies, and does them. */
    private Stream noting(Stream real) {
        return (Stream) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Stream.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("launch")) {
                        calls.add(((Kernel) arguments[0]).name() + " " + ((LaunchShape) arguments[1]).gridY());
                    } else if (method.getName().startsWith("copyTo")) {
                        calls.add(method.getName() + " " + arguments[4]);
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private List<String> run(ForwardBatch batch) {
        calls.clear();
        try (EmulatorDevice device = new EmulatorDevice(new EmulatorOptions(1, 1, 1L << 26, true));
                Stream stream = device.createStream("copies");
                CudaMemory memory = new CudaMemory(device, stream, CONFIG, LIMITS);
                DeviceBatch uploaded = new DeviceBatch(device, LIMITS,
                        CudaAttention.sizes(device, CONFIG.attention(), LIMITS), BatchHalves.none());
                CudaCopies copies = new CudaCopies(device, memory, CONFIG, LIMITS)) {
            stream.fill(memory.keysValues(), 0, memory.keysValues().sizeBytes(), (byte) 1);
            stream.fill(memory.states(), 0, memory.states().sizeBytes(), (byte) 1);
            uploaded.upload(stream, batch, 0);
            copies.run(noting(stream), batch, uploaded);
            stream.synchronize();
        }
        return calls;
    }

    @Test
    void forksThatDoNotMeetAreOneLaunch() {
        ForwardBatch batch = new ForwardBatch(LIMITS);
        for (int i = 0; i < 5; i++) {
            batch.addCopy(Copy.BLOCK, 3, 7 + i);
        }
        assertEquals(List.of("copy_blocks_bf16 5"), run(batch));
    }

    @Test
    void copiesThatMeetAreLaunchesOfTheirOwn() {
        ForwardBatch batch = new ForwardBatch(LIMITS);
        batch.addCopy(Copy.BLOCK, 0, 1);
        batch.addCopy(Copy.BLOCK, 2, 3);
        // Reads what the first wrote.
        batch.addCopy(Copy.BLOCK, 1, 4);
        // Writes what the one before read.
        batch.addCopy(Copy.BLOCK, 5, 1);
        // Writes what the one before wrote.
        batch.addCopy(Copy.BLOCK, 6, 1);
        batch.addCopy(Copy.BLOCK, 6, 7);
        assertEquals(List.of("copy_blocks_bf16 2", "copy_blocks_bf16 1", "copy_blocks_bf16 1", "copy_blocks_bf16 2"),
                run(batch));
    }

    @Test
    void neighboursAreOneTransferALayer() {
        ForwardBatch batch = new ForwardBatch(LIMITS);
        for (int i = 0; i < 3; i++) {
            batch.addCopy(Copy.BLOCK_TO_HOST, 4 + i, 1 + i);
        }
        batch.addCopy(Copy.BLOCK_TO_HOST, 9, 4);
        for (int i = 0; i < 2; i++) {
            batch.addCopy(Copy.SLOT_TO_HOST, i, i);
        }
        batch.addCopy(Copy.SLOT_FROM_HOST, 1, 3);
        batch.addCopy(Copy.BLOCK_FROM_HOST, 1, 0);
        long block = 2L * 2 * 64 * 64 * 2;
        long slot = 2L * 2 * 64 * 2;
        long tokens = 64L * 4;
        assertEquals(List.of("copyToHost " + 3 * tokens, "copyToHost " + 3 * block, "copyToHost " + 3 * block,
                "copyToHost " + tokens, "copyToHost " + block, "copyToHost " + block, "copyToHost " + 2 * slot,
                "copyToDevice " + slot, "copyToDevice " + tokens, "copyToDevice " + block,
                "copyToDevice " + block), run(batch));
    }
}
