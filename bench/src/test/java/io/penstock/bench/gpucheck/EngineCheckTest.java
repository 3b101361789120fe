package io.penstock.bench.gpucheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceException;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a whole engine's outcome is judged to be. */
class EngineCheckTest {
    private static final int NUM_REQUESTS = 3;

    private static EngineRun.Choice choice(List<Integer> tokens, List<Double> margins) {
        EngineRun.Choice choice = new EngineRun.Choice();
        choice.tokens.addAll(tokens);
        choice.margins.addAll(margins);
        return choice;
    }

    private static EngineVerdict compare(List<Integer> device, double margin) {
        return EngineCheck.compare("end_to_end x", List.of(choice(List.of(1, 2, 3), List.of(9.0, margin, 9.0))),
                List.of(choice(device, List.of())));
    }

    @Test
    void aTokenMayDifferAtANearTieOnly() {
        assertTrue(compare(List.of(1, 2, 3), 9).isRight());
        EngineVerdict tie = compare(List.of(1, 5, 6), 0.1);
        assertTrue(tie.isRight());
        assertEquals(1, tie.metrics().get("equalTokens"));
        assertEquals(1, tie.metrics().get("nearTies"));
        EngineVerdict wrong = compare(List.of(1, 5, 6), 2);
        assertFalse(wrong.isRight());
        assertEquals("end_to_end x: prompt 0, token 1: the CPU says 2 by 2.0, the device 5", wrong.failure());
        assertFalse(compare(List.of(1, 2), 0.1).isRight(), "an answer that is too short");
    }

    /** Once more in steps of two halves, and with kernels that begin early, with the same tokens. */
    @Test
    void randomRequestsEndAndGiveAllBack() {
        EngineTarget target = new EngineTarget(
                () -> new EmulatorDevice(EmulatorOptions.failing().on(90).checkingStreams()), null, NUM_REQUESTS);
        List<EngineVerdict> verdicts = new EngineCheck(target, 3).run((what, done, total) -> { });
        assertEquals(3, verdicts.size());
        for (EngineVerdict verdict : verdicts) {
            assertTrue(verdict.isRight(), verdict.failure());
            assertEquals(NUM_REQUESTS, verdict.metrics().get("requests"));
            assertTrue(verdict.metrics().get("tokens") > NUM_REQUESTS, verdict.outcome());
            assertEquals(verdict.name().equals("requests_halves"), verdict.metrics().get("halvedSteps") > 0);
        }
    }

    @Test
    void aDeviceThatFailsIsAFailureAndNotAnException() {
        EngineTarget target = new EngineTarget(() -> {
            throw new DeviceException("cuMemAlloc", 2, "CUDA_ERROR_OUT_OF_MEMORY", "allocating weights");
        }, null, 1);
        EngineVerdict verdict = new EngineCheck(target, 5).run((what, done, total) -> { }).getFirst();
        assertFalse(verdict.isRight());
        assertTrue(verdict.failure().contains("allocating weights"), verdict.failure());
    }
}
