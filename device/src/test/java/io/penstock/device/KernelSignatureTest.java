package io.penstock.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.KernelSignature.Parameter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelSignatureTest {
    private static final String PTX = """
            //
            // Generated, .entry commented(.param .u32 n)
            .version 8.0
            .target sm_80
            .address_size 64

            \t// .globl\tsilu_and_mul_bf16
            .extern .shared .align 16 .b8 tile[];
            .visible .entry silu_and_mul_bf16(
            \t.param .u64 .ptr .global .align 16 silu_and_mul_bf16_param_0,
            \t.param .f32 silu_and_mul_bf16_param_1,
            \t.param .u8 silu_and_mul_bf16_param_2,
            \t.param .align 8 .b8 silu_and_mul_bf16_param_3[20],
            \t.param .u16 silu_and_mul_bf16_param_4,
            \t.param .u64 silu_and_mul_bf16_param_5,
            \t.param .s32 silu_and_mul_bf16_param_6 /* last */
            )
            .maxntid 256, 1, 1
            {
            \tret;
            }
            .func (.param .b32 r) helper(.param .b32 x) { ret; }
            .entry nothing() { ret; }
            .entry bare { ret; }
            """;

    @Test
    void offsetsFollowAlignment() {
        KernelSignature signature = KernelSignature.parse(PTX).get("silu_and_mul_bf16");
        String prefix = "silu_and_mul_bf16_param_";
        assertEquals(
                List.of(
                        new Parameter(prefix + 0, 'u', 0, 8),
                        new Parameter(prefix + 1, 'f', 8, 4),
                        new Parameter(prefix + 2, 'u', 12, 1),
                        new Parameter(prefix + 3, 'b', 16, 20),
                        new Parameter(prefix + 4, 'u', 36, 2),
                        new Parameter(prefix + 5, 'u', 40, 8),
                        new Parameter(prefix + 6, 's', 48, 4)),
                signature.parameters());
        assertEquals(52, signature.sizeBytes());
    }

    @Test
    void everyEntryInOrder() {
        Map<String, KernelSignature> signatures = KernelSignature.parse(PTX);
        assertEquals(List.of("silu_and_mul_bf16", "nothing", "bare"), List.copyOf(signatures.keySet()));
        assertEquals(new KernelSignature("nothing", List.of(), 0, false), signatures.get("nothing"));
        assertEquals(new KernelSignature("bare", List.of(), 0, false), signatures.get("bare"));
    }

    @Test
    void tellsWhichWaitForTheLaunchInFront() {
        Map<String, KernelSignature> signatures = KernelSignature.parse("""
                .func helper(.param .b32 x) { griddepcontrol.wait; ret; }
                .entry early(.param .u32 n) { // and so on
                  griddepcontrol.wait;
                }
                .entry late() { // griddepcontrol.wait;
                  griddepcontrol.launch_dependents;
                }
                .func behind() { griddepcontrol.wait; ret; }
                .entry last() { griddepcontrol.wait; }
                """);
        assertEquals(List.of(true, false, true),
                signatures.values().stream().map(KernelSignature::waitsForLaunchInFront).toList());
    }

    @Test
    void namesWhatItDoesNotUnderstand() {
        String message = assertThrows(IllegalArgumentException.class,
                () -> KernelSignature.parse(".entry copy(.param .u64 a, .param .pred b) { ret; }")).getMessage();
        assertTrue(message.contains("copy") && message.contains(".param .pred b"), message);
    }
}
