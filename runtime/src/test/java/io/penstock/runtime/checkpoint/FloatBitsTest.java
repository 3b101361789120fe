package io.penstock.runtime.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FloatBitsTest {
    @TempDir
    Path directory;

    @Test
    void everyBf16PatternSurvives() throws IOException {
        short[] all = allPatterns();
        Path path = new SafetensorsBuilder().addBf16("a", all, all.length).write(directory.resolve("a.safetensors"));
        try (var file = SafetensorsFile.open(path)) {
            assertArrayEquals(all, file.tensor("a").toBf16());
            float[] floats = file.tensor("a").toFloats();
            for (int i = 0; i < all.length; i++) {
                int bits = Float.floatToRawIntBits(floats[i]);
                assertEquals(all[i] << 16, bits);
                assertEquals(Float.isNaN(floats[i]) ? (short) (all[i] | 0x40) : all[i], FloatBits.toBf16(bits));
            }
        }
    }

    @Test
    void everyF16PatternIsExactAsFloatAndNearestAsBf16() throws IOException {
        short[] all = allPatterns();
        Path path = new SafetensorsBuilder().add("a", "F16", SafetensorsBuilder.bytes(all), all.length)
                .write(directory.resolve("a.safetensors"));
        try (var file = SafetensorsFile.open(path)) {
            float[] floats = file.tensor("a").toFloats();
            short[] bf16 = file.tensor("a").toBf16();
            for (int i = 0; i < all.length; i++) {
                if (Float.isNaN(floats[i])) {
                    assertTrue((all[i] & 0x7c00) == 0x7c00 && (all[i] & 0x3ff) != 0);
                    assertTrue(Float.isNaN(Float.intBitsToFloat(bf16[i] << 16)));
                } else {
                    assertEquals(all[i], Float.floatToFloat16(floats[i]));
                    assertEquals(nearestBf16(floats[i]), bf16[i], "bits " + i);
                }
            }
        }
    }

    @Test
    void float32RoundsToNearestEven() throws IOException {
        var random = new SplittableRandom(7);
        var values = new float[70_001];
        for (int i = 0; i < values.length; i++) {
            int bits = random.nextInt();
            values[i] = Float.intBitsToFloat(i % 3 == 0 ? bits & 0xffff_0000 | 0x8000 : bits);
        }
        Path path = new SafetensorsBuilder().addF32("a", values, values.length)
                .write(directory.resolve("a.safetensors"));
        try (var file = SafetensorsFile.open(path)) {
            short[] bf16 = file.tensor("a").toBf16();
            for (int i = 0; i < values.length; i++) {
                if (Float.isNaN(values[i])) {
                    assertTrue(Float.isNaN(Float.intBitsToFloat(bf16[i] << 16)));
                } else {
                    assertEquals(nearestBf16(values[i]), bf16[i], "value " + values[i]);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "3f808000, 3f80", "3f818000, 3f82", "3f808001, 3f81", "3f807fff, 3f80", "7f7fffff, 7f80", "ff7fffff, ff80",
        "7f800000, 7f80", "ff800000, ff80", "7f800001, 7fc0", "ff800001, ffc0", "7fffffff, 7fff", "ffffffff, ffff",
        "00000000, 0", "80000000, 8000", "00008000, 0", "00008001, 1", "00018000, 2",
    })
    void edges(String float32, String bf16) {
        short rounded = FloatBits.toBf16(Integer.parseUnsignedInt(float32, 16));
        assertEquals(bf16, Integer.toHexString(rounded & 0xffff));
    }

    @Test
    void countsWhatIsNotFinite() {
        float[] values = {0, Float.NaN, Float.MAX_VALUE, Float.POSITIVE_INFINITY, -Float.MAX_VALUE,
            Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -0f};
        assertEquals(3, FloatBits.numNotFinite(values, values.length));
        assertEquals(1, FloatBits.numNotFinite(values, 3));
    }

    /** The slow definition: of both neighbours the nearer in exact arithmetic, on a tie the even one. */
    private static short nearestBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        short below = (short) (bits >>> 16);
        if ((bits & 0xffff) == 0) {
            return below;
        }
        short above = (short) (below + 1);
        if ((bits & 0x7f80_0000) == 0x7f00_0000 && Float.isInfinite(Float.intBitsToFloat(above << 16))) {
            return (bits & 0xffff) >= 0x8000 ? above : below;
        }
        var exact = new BigDecimal(value);
        var toBelow = exact.subtract(new BigDecimal(Float.intBitsToFloat(below << 16))).abs();
        var toAbove = exact.subtract(new BigDecimal(Float.intBitsToFloat(above << 16))).abs();
        int nearer = toBelow.compareTo(toAbove);
        return nearer < 0 || (nearer == 0 && (below & 1) == 0) ? below : above;
    }

    private static short[] allPatterns() {
        var all = new short[1 << 16];
        for (int i = 0; i < all.length; i++) {
            all[i] = (short) i;
        }
        return all;
    }
}
