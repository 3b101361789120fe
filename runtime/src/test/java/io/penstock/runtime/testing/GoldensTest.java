package io.penstock.runtime.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class GoldensTest {
    @Test
    void floatsAndShape() {
        Goldens logits = Goldens.open("sampling/logits.safetensors");
        assertArrayEquals(new int[] {12, 777}, logits.shape("logits"));
        float[] values = logits.floats("logits");
        assertEquals(12 * 777, values.length);
        assertEquals(values[7 * 777], values[7 * 777 + 776], "row 7 is all equal");
        assertEquals(1e4f, values[8 * 777 + 5]);
    }

    @Test
    void bytesOfFlags() {
        byte[] kept = Goldens.open("sampling/expected.safetensors").bytes("kept");
        assertEquals(77 * 777, kept.length);
        for (byte flag : kept) {
            assertTrue(flag == 0 || flag == 1);
        }
    }

    @Test
    void intsAndLines() {
        int[] ids = Goldens.open("ops/ops.safetensors").ints("router.bias_norm.ids");
        assertEquals(13 * 4, ids.length);
        assertEquals(158, Goldens.jsonLines("tool-calls/tool-calls.jsonl").size());
    }

    @Test
    void brainFloats() {
        Goldens weights = Goldens.open("models/dense-adjusted/model.safetensors");
        assertEquals("BF16", weights.dtype("model.embedding_norm.weight"));
        double sum = 0;
        for (float value : weights.floats("model.embedding_norm.weight")) {
            sum += value;
        }
        assertEquals(1, sum / 256, 0.1);
    }

    @Test
    void complaintsNameTheTensor() {
        Goldens logits = Goldens.open("sampling/logits.safetensors");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> logits.ints("logits"))
                .getMessage().contains("is F32, not I32"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> logits.floats("logit"))
                .getMessage().contains("has no tensor logit, only [logits]"));
    }
}
