package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The variants of attention: chosen by the device alone, as many workers as it holds, enough bytes under way. */
class AttentionVariantTest {
    private static final int REGISTERS = 65_536;

    private static DeviceProperties device(int capability, int numMultiprocessors, int sharedKib) {
        return new DeviceProperties("some", "none", capability,
                new DeviceProperties.Cores(numMultiprocessors, 0, 2048, REGISTERS, sharedKib << 10, 227 << 10),
                new DeviceProperties.Memory(0, 0, 0, 0));
    }

    @ParameterizedTest
    @CsvSource({"80, MMA", "89, MMA", "90, WGMMA", "100, MMA", "120, MMA"})
    void selected(int capability, AttentionVariant variant) {
        assertEquals(variant, AttentionVariant.of(device(capability, 132, 228)));
    }

    /** Decode and prefill of a variant are of one set: no device mixes instructions that may sum differently. */
    @ParameterizedTest
    @CsvSource({"MMA, mma.sync", "WGMMA, wgmma.mma_async"})
    void oneInstructionSumsUp(AttentionVariant variant, String instruction) {
        String ptx = Ptx.read("attention", variant.set());
        for (AttentionVariant.Kernel kernel : new AttentionVariant.Kernel[] {variant.decode(), variant.prefill()}) {
            String body = ptx.substring(ptx.indexOf(".entry " + kernel.name()) + 1);
            int end = body.indexOf(".entry");
            body = end < 0 ? body : body.substring(0, end);
            assertTrue(body.contains(instruction), kernel.name());
            String other = variant == AttentionVariant.MMA ? "wgmma" : "mma.sync";
            assertTrue(!body.contains(other), kernel.name() + " has " + other);
        }
    }

    @ParameterizedTest
    @CsvSource({"80, 108, 164, 432, 216", "90, 132, 228, 264, 132", "89, 128, 100, 512, 128"})
    void workersFollowTheDevice(int capability, int numMultiprocessors, int sharedKib, int decode, int prefill) {
        assertEquals(new AttentionPlan.Workers(decode, prefill),
                AttentionPlan.Workers.of(device(capability, numMultiprocessors, sharedKib)));
    }

    @Test
    void sharesAreNeverNone() {
        assertEquals(new AttentionPlan.Workers(33, 16), new AttentionPlan.Workers(264, 132).share(8));
        assertEquals(new AttentionPlan.Workers(1, 1), new AttentionPlan.Workers(4, 2).share(8));
    }

    /** Blocks of a multiprocessor of 9.0, by what limits them. */
    @ParameterizedTest
    @CsvSource({"MMA, 2, 2", "WGMMA, 1, 1"})
    void occupancy(AttentionVariant variant, int decodeBlocks, int prefillBlocks) {
        assertEquals(decodeBlocks, blocks(variant.decode()));
        assertEquals(prefillBlocks, blocks(variant.prefill()));
    }

    private static int blocks(AttentionVariant.Kernel kernel) {
        return kernel.numBlocks(device(90, 1, 228));
    }

    /** By Little's law 26 KiB a multiprocessor keep memory busy; twice that forgives much. */
    @ParameterizedTest
    @CsvSource({"MMA, 192", "WGMMA, 194"})
    void bytesUnderWay(AttentionVariant variant, int kib) {
        int bytes = blocks(variant.decode()) * variant.decode().sharedBytes();
        assertEquals(kib, bytes >> 10);
        assertTrue(bytes >= 48 << 10);
    }

    @Test
    void theSourceHasTheSameTable() throws IOException {
        String source = Files.readString(
                Path.of(System.getProperty("basedir", ".")).resolve("src/main/cuda/sm_90a/attention.cu"));
        for (String line : new String[] {
            "constexpr int kDecodeGroups = 2;", "constexpr int kDecodeStages = 6;",
            "constexpr int kDecodeThreads = (kDecodeGroups + 1) * kGroupThreads;", "setmaxnreg_inc<216>",
            "setmaxnreg_dec<72>",
            "constexpr int kPrefillStages = 4;", "constexpr int kSumThreads = kPrefillGroups * kGroupThreads;"
        }) {
            assertTrue(source.contains(line), "not there: " + line);
        }
        AttentionVariant.Kernel decode = AttentionVariant.WGMMA.decode();
        assertTrue(128 * 72 + 2 * 128 * 216 <= decode.threads() * decode.maxRegisters());
    }
}
