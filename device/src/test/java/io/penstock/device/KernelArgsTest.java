package io.penstock.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class KernelArgsTest {
    private static final String PTX = """
            .entry scale(.param .u64 x, .param .f32 factor, .param .u32 n, .param .u64 stride, .param .u8 flag) { ret; }
            .entry other(.param .u64 x) { ret; }
            .entry triple(.param .u64 x, .param .f32 factor, .param .u32 n) { ret; }
            """;

    private static Kernel kernel(String name) {
        KernelSignature signature = KernelSignature.parse(PTX).get(name);
        return new Kernel() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public KernelSignature signature() {
                return signature;
            }

            @Override
            public Attributes attributes() {
                return new Attributes(16, 0, 0, 1024);
            }

            @Override
            public void setMaxDynamicShared(int sizeBytes) {}
        };
    }

    @Test
    void valuesLieAsDeclared() {
        Kernel kernel = kernel("triple");
        KernelArgs args = new KernelArgs(kernel.signature());
        args.setPointer(0, 0x7f00_1234_5678_9abcL).setFloat(1, 0.5f).setInt(2, -7);
        MemorySegment values = args.valuesFor(kernel);
        assertEquals(16, values.byteSize());
        assertEquals(0x7f00_1234_5678_9abcL, values.get(ValueLayout.JAVA_LONG, 0));
        assertEquals(0.5f, values.get(ValueLayout.JAVA_FLOAT, 8));
        assertEquals(-7, values.get(ValueLayout.JAVA_INT, 12));
        args.setInt(2, 9);
        assertEquals(9, args.valuesFor(kernel).get(ValueLayout.JAVA_INT, 12));
        assertTrue(values.isReadOnly());
    }

    @Test
    void typesAreChecked() {
        KernelArgs args = new KernelArgs(kernel("scale").signature());
        assertThrows(IllegalArgumentException.class, () -> args.setInt(0, 1));
        assertThrows(IllegalArgumentException.class, () -> args.setInt(1, 1));
        assertThrows(IllegalArgumentException.class, () -> args.setFloat(2, 1));
        assertThrows(IllegalArgumentException.class, () -> args.setInt(4, 1));
        String message = assertThrows(IllegalArgumentException.class, () -> args.setPointer(2, 1)).getMessage();
        assertTrue(message.contains("scale") && message.contains("name=n"), message);
        assertThrows(IndexOutOfBoundsException.class, () -> args.setInt(5, 1));
    }

    @Test
    void bytesOfAnyParameter() {
        Kernel kernel = kernel("triple");
        KernelArgs args = new KernelArgs(kernel.signature()).setPointer(0, 64).setFloat(1, 1);
        args.setBytes(1, new byte[] {0, 0, 0, 0x3f}).setBytes(2, new byte[] {5, 1, 0, 0});
        MemorySegment values = args.valuesFor(kernel);
        assertEquals(0.5f, values.get(ValueLayout.JAVA_FLOAT, 8));
        assertEquals(261, values.get(ValueLayout.JAVA_INT, 12));
        assertThrows(IllegalArgumentException.class, () -> args.setBytes(1, new byte[8]));
    }

    @Test
    void everyArgumentIsSetBeforeALaunch() {
        Kernel kernel = kernel("triple");
        KernelArgs args = new KernelArgs(kernel.signature()).setPointer(0, 64).setPointer(0, 128).setInt(2, 1);
        String message = assertThrows(IllegalArgumentException.class, () -> args.valuesFor(kernel)).getMessage();
        assertTrue(message.contains("argument 1") && message.contains("factor"), message);
    }

    @Test
    void argumentsBelongToTheirKernel() {
        KernelArgs args = new KernelArgs(kernel("other").signature()).setPointer(0, 64);
        assertThrows(IllegalArgumentException.class, () -> args.valuesFor(kernel("triple")));
        assertEquals(64, args.valuesFor(kernel("other")).get(ValueLayout.JAVA_LONG, 0));
    }
}
