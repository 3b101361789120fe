package io.penstock.emulator.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the text of a module says, and what is said of a text that is none. */
class PtxParserTest {
    private static final String HEAD = ".version 8.0\n.target sm_80\n.address_size 64\n";

    private static PtxFunction body(String text) {
        return PtxModule.parse(HEAD + ".visible .entry k(.param .u64 p)\n{\n" + text + "\n}\n").functions().get("k");
    }

    private static PtxInstruction one(String registers, String text) {
        PtxFunction function = body(registers + "\n" + text);
        assertEquals(1, function.instructions().size());
        return function.instructions().getFirst();
    }

    @Test
    void directivesOfAModule() {
        PtxModule module = PtxModule.parse("""
                //
                // made by hand
                //
                .version 8.0
                .target sm_80, debug
                .address_size 64
                .file 1 "/src/a \\"b\\".cu", 1700000000, 1234
                .file 2 "c.cu"
                .pragma "nounroll";
                .alias other, thing;
                .section .debug_str
                {
                    .b8 1, 2, 3
                    info: .b8 0
                }
                @@DWARF .byte 3
                .visible .global .align 4 .u32 x = 5;
                """);
        assertEquals("sm_80", module.target());
        assertEquals(List.of(1, 2), List.copyOf(module.files().keySet()));
        assertEquals("c.cu", module.files().get(2));
        assertEquals(5, module.variables().get("x").initial().getFirst().bits());
    }

    @Test
    void variables() {
        Map<String, PtxVariable> all = PtxModule.parse(HEAD + """
                .global .align 16 .b8 table[2][3] = {{1, 2, 3}, {4, 0x5, 06}};
                .const .f32 small[] = {0f3F800000, 1.5, -2.0};
                .global .f64 wide = 0dBFF0000000000000;
                .global .u64 where[2] = {generic(table)+4, table};
                .global .v4 .f32 four;
                .extern .shared .align 16 .b8 dynamic[];
                .shared .s16 a, b[7];
                .extern .global .u32 later;
                .global .u32 later = 9;
                .global .attribute(.managed) .s32 managed;
                .weak .global .b64 weak;
                """).variables();
        PtxVariable table = all.get("table");
        assertEquals(StateSpace.GLOBAL, table.space());
        assertEquals(6, table.sizeBytes());
        assertEquals(16, table.alignBytes());
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L), table.initial().stream().map(PtxVariable.Initial::bits).toList());
        assertEquals(List.of(0x3F80_0000L, 0x3FC0_0000L, 0xC000_0000L),
                all.get("small").initial().stream().map(each -> each.bits() & 0xFFFF_FFFFL).toList());
        assertEquals(12, all.get("small").sizeBytes());
        assertEquals(Double.doubleToRawLongBits(-1), all.get("wide").initial().getFirst().bits());
        assertEquals(new PtxVariable.Initial(4, "table", true), all.get("where").initial().get(0));
        assertEquals(new PtxVariable.Initial(0, "table", false), all.get("where").initial().get(1));
        assertEquals(16, all.get("four").alignBytes());
        assertEquals(16, all.get("four").sizeBytes());
        assertTrue(all.get("dynamic").isExtern());
        assertEquals(0, all.get("dynamic").sizeBytes());
        assertEquals(2, all.get("a").sizeBytes());
        assertEquals(14, all.get("b").sizeBytes());
        assertFalse(all.get("later").isExtern());
        assertEquals(4, all.get("managed").sizeBytes());
        assertEquals(8, all.get("weak").alignBytes());
    }

    @Test
    void functions() {
        PtxModule module = PtxModule.parse(HEAD + """
                .extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 v);
                .func (.param .align 8 .b8 out[16]) pair(.param .b64 x);
                .func (.param .align 8 .b8 out[16]) pair(.param .b64 x) .noreturn
                {
                    ret;
                }
                .weak .func plain
                {
                    ret;
                }
                .visible .entry k(.param .u64 .ptr .global .align 16 p, .param .u32 n, .param .align 4 .b8 s[12])
                .maxntid 8, 4, 2
                .minnctapersm 2
                .pragma "nounroll";
                {
                    ret;
                }
                """);
        assertFalse(module.functions().get("vprintf").isDefined());
        PtxFunction pair = module.functions().get("pair");
        assertTrue(pair.isDefined());
        assertEquals(16, pair.results().getFirst().sizeBytes());
        assertEquals(8, pair.results().getFirst().alignBytes());
        assertEquals(0, module.functions().get("plain").parameters().size());
        PtxFunction kernel = module.functions().get("k");
        assertTrue(kernel.isEntry());
        assertEquals(64, kernel.maxThreads());
        assertEquals(List.of("p", "n", "s"), kernel.parameters().stream().map(PtxVariable::name).toList());
        assertEquals(List.of(8L, 4L, 12L), kernel.parameters().stream().map(PtxVariable::sizeBytes).toList());
        assertEquals(14, kernel.line());
    }

    @Test
    void labelsOfScopes() {
        PtxFunction function = body("""
                .reg .pred %p<2>;
                .reg .b32 %r<3>;
                TOP:
                $L__BB0_1: { .reg .b32 %r0; mov.u32 %r0, 1; IN: bra IN; }
                { IN: bra IN; bra TOP; }
                ways: .branchtargets TOP, $L__BB0_1;
                brx.idx %r0, ways;
                """);
        assertEquals(0, function.labels().get("TOP"));
        assertEquals(0, function.labels().get("$L__BB0_1"));
        List<PtxInstruction> code = function.instructions();
        assertEquals(List.of("mov", "bra", "bra", "bra", "brx"), code.stream().map(PtxInstruction::opcode).toList());
        String first = ((PtxOperand.Name) code.get(1).operands().getFirst()).name();
        String second = ((PtxOperand.Name) code.get(2).operands().getFirst()).name();
        assertEquals(1, function.labels().get(first));
        assertEquals(2, function.labels().get(second));
        assertEquals(List.of("TOP", "$L__BB0_1"), function.branchTables().get("ways"));
        // The inner %r0 is another register than the outer one.
        assertEquals(List.of("%r0", "%r0"), function.registers().stream().map(PtxRegister::name).toList());
    }

    @Test
    void predicatesAndVectors() {
        String registers = ".reg .pred %p<4>; .reg .b32 %r<9>; .reg .b64 %rd<2>;";
        PtxInstruction load = one(registers,
                "@!%p1 ld.global.L1::no_allocate.L2::128B.v4.b32 {%r1, _, %r3, %r4}, [%rd1 + -16];");
        assertEquals("ld", load.opcode());
        assertEquals(List.of("global", "L1::no_allocate", "L2::128B", "v4", "b32"), load.modifiers());
        assertTrue(load.guard().isNegated());
        assertEquals("%p1", load.guard().register().name());
        PtxOperand.Vector vector = assertInstanceOf(PtxOperand.Vector.class, load.operands().getFirst());
        assertEquals(4, vector.elements().size());
        assertInstanceOf(PtxOperand.Sink.class, vector.elements().get(1));
        assertEquals(-16, assertInstanceOf(PtxOperand.Address.class, load.operands().get(1)).offsetBytes());
        PtxInstruction compare = one(registers, "setp.lt.and.s32 %p1|%p2, %r1, -7, !%p3;");
        assertNull(compare.guard());
        assertInstanceOf(PtxOperand.Pair.class, compare.operands().getFirst());
        assertEquals(-7, ((PtxOperand.Immediate) compare.operands().get(2)).bits());
        assertTrue(((PtxOperand.Register) compare.operands().get(3)).isNegated());
        PtxInstruction call = one(registers + " .param .b32 a; .param .b32 r;", "call.uni (r), f, (a);");
        assertInstanceOf(PtxOperand.Group.class, call.operands().get(0));
        assertInstanceOf(PtxOperand.Name.class, call.operands().get(1));
        assertEquals(16, ((PtxOperand.Address) one(registers + " .shared .b32 s[9];", "st.shared.b32 [s+16], %r1;")
                .operands().getFirst()).offsetBytes());
        assertEquals(8, ((PtxOperand.Symbol) one(registers + " .shared .b32 s[9];", "mov.u32 %r1, s+8;")
                .operands().get(1)).offsetBytes());
        assertEquals(new PtxOperand.Special("ctaid.y"),
                one(registers, "mov.u32 %r1, %ctaid.y;").operands().get(1));
    }

    @ParameterizedTest
    @CsvSource({
        "5, INTEGER, 5", "-5, INTEGER, -5", "0x1F, INTEGER, 31", "0XfF, INTEGER, 255", "017, INTEGER, 15",
        "0b101, INTEGER, 5", "4294967295U, INTEGER, 4294967295", "0xffffffffffffffff, INTEGER, -1", "0, INTEGER, 0",
        "0f3F800000, F32, 1065353216", "0F7f800000, F32, 2139095040", "-0f3F800000, F32, -1082130432",
        "0d3FF0000000000000, F64, 4607182418800017408", "0D0000000000000001, F64, 1",
        "1.0, F64, 4607182418800017408", "-1.5e-3, F64, -4654304192955138015", "1e3, F64, 4652007308841189376",
        "WARP_SZ, INTEGER, 32"})
    void numbers(String text, PtxOperand.Immediate.Kind kind, long bits) {
        PtxInstruction move = one(".reg .b64 %rd<2>;", "mov.b64 %rd1, " + text + ";");
        long expected = text.startsWith("-1.5") ? Double.doubleToRawLongBits(-1.5e-3) : bits;
        assertEquals(new PtxOperand.Immediate(expected, kind), move.operands().get(1));
    }

    @Test
    void linesAndComments() {
        PtxFunction function = body("""
                .reg .b32 %r<4>;
                /* one
                   two */ mov.u32 %r1, 1; // three
                .loc 1 42 7
                mov.u32 %r2, /* inside */ 2; .pragma "nounroll";
                .loc 1 43 1, function_name $L__info, inlined_at 1 7 3
                mov.u32
                    %r3,
                    3;
                """);
        assertEquals(List.of(8, 10, 12), function.instructions().stream().map(PtxInstruction::line).toList());
        assertEquals(List.of(0, 42, 43), function.instructions().stream().map(PtxInstruction::cudaLine).toList());
    }

    static Stream<List<Object>> mistakes() {
        return Stream.of(
                List.of(HEAD + ".entry k()\n{\nmov.u32 %r1 5;\n}\n", 6, "expected"),
                List.of(HEAD + ".entry k()\n{\n.reg .b32 %r<2>;\nmov.u32 %r1, 5\nret;\n}\n", 8, "';' expected"),
                List.of(HEAD + ".entry k()\n{\nret;\n", 6, "a brace is not closed"),
                List.of(HEAD + "nonsense\n", 4, "a directive expected, 'nonsense' found"),
                List.of(HEAD + "/* never\nending\n", 4, "a comment does not end"),
                List.of(HEAD + ".file 1 \"open\n", 4, "a string does not end"),
                List.of(HEAD + ".entry k()\n{\n@%p1 ret;\n}\n", 6, "the register %p1 is not declared"),
                List.of(HEAD + ".entry k()\n{\n.reg .b32 %r<2>;\nmov.u32 %r1, 0x;\n}\n", 7, "'0x' is no number"),
                List.of(HEAD + ".entry k()\n{\n.reg .f32 %f<2>;\nmov.f32 %f1, 0f3F8;\n}\n", 7, "'0f3F8' is no number"),
                List.of(HEAD + ".entry k()\n{\n.reg .b32 %r<99999999999999999999>;\n}\n", 6, "is no number"),
                List.of(HEAD + ".global .align x .b32 v;\n", 4, "'x' is no number"),
                List.of(HEAD + ".global .b32 v[;\n", 4, "is no number"),
                List.of(HEAD + ".global v;\n", 4, "a type expected"),
                List.of(HEAD + ".global .b32 v\n.global .b32 w;\n", 5, "';' expected"),
                List.of(HEAD + ".entry k(.param .u64 p\n", 5, ""),
                List.of(HEAD + ".entry k()\n{\n.reg .b32 %r<2>;\n\nld.global.b32 %r1, [%r1+q];\n}\n", 8,
                        "'q' is no number"),
                List.of(HEAD + ".entry k()\n{\n.reg .f32 %f<2>;\nmov.f32 %f1, 1.2.3;\n}\n", 7, "'1.2.3' is no number"));
    }

    /** One line that names the place. */
    @ParameterizedTest
    @MethodSource("mistakes")
    void mistakesNameTheirLine(List<Object> mistake) {
        PtxException e = assertThrows(PtxException.class, () -> PtxModule.parse((String) mistake.get(0)));
        assertEquals(mistake.get(1), e.line(), e::getMessage);
        assertTrue(e.getMessage().startsWith("PTX line " + e.line() + ": "), e::getMessage);
        assertTrue(e.getMessage().contains((String) mistake.get(2)), e::getMessage);
        assertFalse(e.getMessage().contains("\n"), e::getMessage);
        assertFalse(e.isUnsupported(), e::getMessage);
    }

    static Stream<String> others() {
        return Stream.of(".reg .b31 %r;", ".local .b99 x;", ".callgraph;");
    }

    @ParameterizedTest
    @MethodSource("others")
    void whatIsNotKnownSaysSo(String text) {
        PtxException e = assertThrows(PtxException.class, () -> body(text));
        assertTrue(e.isUnsupported(), e::getMessage);
        assertEquals(6, e.line());
        assertTrue(e.getMessage().endsWith(" is not supported"), e::getMessage);
    }
}
