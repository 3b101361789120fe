package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LengthPredictorTest {
    @Test
    void beginsWithTheFirstGuessAndNeverExceedsMaxTokens() {
        var predictor = new LengthPredictor(256);
        assertEquals(256, predictor.expectedOutput(0, 10_000));
        assertEquals(100, predictor.expectedOutput(0, 100));
        assertEquals(100, predictor.expectedOutput(99, 100));
    }

    @Test
    void followsWhatEnded() {
        var predictor = new LengthPredictor(256);
        for (int i = 0; i < 2_000; i++) {
            predictor.ended(10);
        }
        assertEquals(10, predictor.mean(), 0.1);
        for (int i = 0; i < 256; i++) {
            predictor.ended(1_000);
        }
        assertTrue(predictor.mean() > 600, "mean " + predictor.mean() + " after a change of traffic");
    }

    @Test
    void whatWasCutOffSaysNothing() {
        var predictor = new LengthPredictor(100);
        predictor.written(800_000);
        assertEquals(100_000, predictor.mean());
        for (int i = 0; i < 8; i++) {
            predictor.cutOff(100_000);
        }
        assertEquals(100, predictor.mean());
        predictor.cutOff(1);
        assertEquals(100, predictor.mean());
    }

    @Test
    void aLongerOneThanTheMeanGoesOnForAQuarter() {
        var predictor = new LengthPredictor(100);
        assertEquals(100, predictor.expectedOutput(40, 10_000));
        assertEquals(125, predictor.expectedOutput(100, 10_000));
        assertEquals(1_250, predictor.expectedOutput(1_000, 10_000));
        assertEquals(Integer.MAX_VALUE, predictor.expectedOutput(Integer.MAX_VALUE - 1, Integer.MAX_VALUE));
    }
}
