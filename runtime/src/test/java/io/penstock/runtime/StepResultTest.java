package io.penstock.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StepResultTest {
    @Test
    void rowsAreFilledInAnyOrderAndReused() {
        StepResult result = new StepResult(3);
        result.reset(2);
        result.setToken(1, 7);
        result.setLogprob(1, -0.5f, 2);
        for (int i = 0; i < SamplingParams.MAX_LOGPROBS; i++) {
            result.addTopLogprob(1, 100 + i, -i);
        }
        result.setToken(0, 5);

        assertEquals(2, result.numRows());
        assertEquals(3, result.maxNumRows());
        assertEquals(5, result.tokenId(0));
        assertTrue(Float.isNaN(result.logprob(0)));
        assertEquals(0, result.rank(0));
        assertEquals(0, result.numTopLogprobs(0));
        assertEquals(7, result.tokenId(1));
        assertEquals(-0.5f, result.logprob(1));
        assertEquals(2, result.rank(1));
        assertEquals(20, result.numTopLogprobs(1));
        assertEquals(119, result.topTokenId(1, 19));
        assertEquals(-19f, result.topLogprob(1, 19));
        assertThrows(AssertionError.class, () -> result.addTopLogprob(1, 0, 0));

        result.reset(3);
        result.setToken(1, 8);
        assertEquals(0, result.numTopLogprobs(1));
        assertTrue(Float.isNaN(result.logprob(1)));
    }

    @Test
    void sizesAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> new StepResult(0));
        assertThrows(IllegalArgumentException.class, () -> new StepResult(2).reset(3));
        assertThrows(IllegalArgumentException.class, () -> new StepResult(2).reset(-1));
    }
}
