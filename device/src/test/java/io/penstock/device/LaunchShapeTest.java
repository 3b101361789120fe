package io.penstock.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class LaunchShapeTest {
    @Test
    void saysWhatItIs() {
        LaunchShape shape = new LaunchShape(32, 4, 2).grid(7, 3, 2).dynamicShared(48 << 10);
        assertEquals("grid 7x3x2, block 32x4x2, 49152 B dynamic shared", shape.toString());
        assertEquals("grid 1x1x1, block 1024x1x1, 0 B dynamic shared", LaunchShape.ofThreads(1024).toString());
    }

    @Test
    void limits() {
        assertThrows(IllegalArgumentException.class, () -> LaunchShape.ofThreads(0));
        assertThrows(IllegalArgumentException.class, () -> new LaunchShape(1024, 2, 1));
        assertThrows(IllegalArgumentException.class, () -> new LaunchShape(1 << 20, 1 << 12, 1));
        LaunchShape shape = LaunchShape.ofThreads(128).grid(Integer.MAX_VALUE, 65_535, 65_535);
        assertThrows(IllegalArgumentException.class, () -> shape.grid(0, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> shape.grid(1, 65_536, 1));
        assertThrows(IllegalArgumentException.class, () -> shape.grid(1, 1, 65_536));
        assertThrows(IllegalArgumentException.class, () -> shape.dynamicShared(-1));
    }
}
