package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of {@link TidyTest} on small texts that break them, and on neighbours that do not. */
class TidyRulesTest {
    private static final String MAIN = "m/src/main/java/io/penstock/m/A.java";

    private static List<String> text(String line) {
        return TextRules.violations("a/A.java", line + "\n");
    }

    private static List<String> java(String file, String text) {
        return JavaRules.findings(file, text).violations();
    }

    private static void assertOne(String part, List<String> violations) {
        assertEquals(1, violations.size(), violations::toString);
        assertTrue(violations.getFirst().contains(part), violations::toString);
    }

    private static void assertNone(List<String> violations) {
        assertEquals(List.of(), violations);
    }

    @Test
    void longLine() {
        assertNone(text("x".repeat(120)));
        assertNone(text("\uD83D\uDE00".repeat(120)));
        assertOne("a/A.java:1: longer than 120", text("x".repeat(121)));
        assertOne("longer", TextRules.violations("pom.xml", "x".repeat(121) + "\n"));
        assertNone(TextRules.violations("a.md", "x".repeat(121) + "\n"));
    }

    @Test
    void whiteSpace() {
        assertOne("tab", text("\tx"));
        assertOne("white space at the end", text("x "));
        assertOne("white space at the end", text("x\r"));
        assertOne("exactly one line feed", TextRules.violations("a.md", "x"));
        assertOne("exactly one line feed", TextRules.violations("a.md", "x\n\n"));
        assertNone(TextRules.violations("a.md", "x\n"));
    }

    @Test
    void markersAndPlaces() {
        assertOne("do it now", text("// TO" + "DO later"));
        assertOne("do it now", text("// FIX" + "ME"));
        assertNone(text("int toDoList; // XXXL"));
        assertOne("outside the project", text("Path.of(\"/wo" + "rk/main\")"));
        assertOne("outside the project", text("see ../sha" + "red/A.md"));
        assertOne("outside the project", text("https://repo.ma" + "ven.apache.org/maven2"));
        assertNone(text("a network/workload, http://maven.apache.org/POM/4.0.0"));
    }

    @Test
    void fileLengths() {
        assertNone(TextRules.violations("a/A.java", "x\n".repeat(500)));
        assertOne("501 lines", TextRules.violations("a/A.java", "x\n".repeat(501)));
        assertOne("401 lines", TextRules.violations("a/a.cu", "x\n".repeat(401)));
        assertNone(TextRules.violations("a/a.md", "x\n".repeat(1000)));
    }

    @Test
    void dataIsNotText() {
        assertTrue(TextRules.concern("penstock") && TextRules.concern(".ci/run") && TextRules.concern("a/B.java"));
        assertFalse(TextRules.concern("goldens/chat/cases.json") || TextRules.concern("a/b.safetensors"));
    }

    @Test
    void methodLength() {
        String body = "        f();\n";
        String before = "class A {\n    /** Not counted. */\n    void f() {\n";
        assertNone(java(MAIN, before + body.repeat(68) + "    }\n}\n"));
        assertOne(MAIN + ":3: f has 71 lines", java(MAIN, before + body.repeat(69) + "    }\n}\n"));
        String inner = "class A {\n"
                + "    Object o = new Object() {\n    void f() {\n" + body.repeat(69) + "    }\n    };\n}\n";
        assertOne("f has 71 lines", java(MAIN, inner));
    }

    @Test
    void parameters() {
        String seven = "int a, int b, int c, int d, int e, int f, int g";
        assertNone(java(MAIN, "class A { A(" + seven + ") {} }"));
        assertOne("constructor has 8 parameters", java(MAIN, "class A { A(" + seven + ", int h) {} }"));
        assertNone(java(MAIN, "record A(" + seven + ") { static int h; A { } }"));
        assertOne("record A has 8 parameters", java(MAIN, "record A(" + seven + ", int h) { }"));
        assertNone(java(MAIN, "class A { void f(" + seven + ", int h) {} }"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"EngineImpl", "BlockManager", "TestHelper", "StringUtil", "StringUtils"})
    void vagueNames(String name) {
        assertOne("does not say what it is", java(MAIN, "class " + name + " {}"));
        assertOne("does not say what it is", java("m/src/test/java/A.java", "class A { record " + name + "() {} }"));
        assertNone(java(MAIN, "class " + name + "ity {}"));
    }

    @Test
    void getters() {
        assertOne("the prefix says nothing", java(MAIN, "class A { int getSize() { return 0; } }"));
        assertNone(java(MAIN, "class A { @Override public int getSize() { return 0; } int getaway() { return 1; } }"));
        assertNone(java("m/src/test/java/A.java", "class A { void getModelsListsAll() {} }"));
    }

    @Test
    void publicTypesHaveJavadoc() {
        assertOne("A is public and has no Javadoc", java(MAIN, "package a; public class A {}"));
        assertOne("B is public", java(MAIN, "package a; /** It is. */ public class A { public interface B {} }"));
        assertNone(java(MAIN, "package a; /** It is. */ public class A { interface B {} }"));
        assertNone(java("m/src/test/java/A.java", "package a; public class A {}"));
        assertEquals(1, JavaRules.findings(MAIN, "/** It is. */ public class A {} class B {}").numPublicTypes());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "0 | package a;",
        "0 | /** */ package a;",
        "5 | /** One. Two. Three. Four. Five. */ package a;",
    })
    void packageInfoSentences(int num, String text) {
        assertOne(num + " sentences", java("m/src/main/java/a/package-info.java", text));
    }

    @Test
    void packageInfoMayHaveFourSentences() {
        String text = "/**\n * One, {@link a.b.C}. Two.\n * Three 1.5 times!\n * Four.\n */\npackage a;\n";
        assertNone(java("m/src/main/java/a/package-info.java", text));
    }

    @Test
    void links(@TempDir Path root) throws IOException {
        Files.writeString(root.resolve("b.md"), "# B\n");
        assertNone(MarkdownRules.violations(root, "a.md", "[b](b.md) [w](https://x.org/y) `[c](c.md)`\n"));
        assertNone(MarkdownRules.violations(root, "a.md", "```\n[c](c.md)\n```\n"));
        assertOne("a.md:2: link to c.md: there is no such file",
                MarkdownRules.violations(root, "a.md", "[b](b.md)\n[c](c.md)\n"));
        assertOne("a.md:3: link to c.md", MarkdownRules.violations(root, "a.md", "x\n\nsee [c](c.md)\n"));
        assertNone(MarkdownRules.violations(root, "a.md", "# One `two`, three\n[b](#one-two-three)\n"));
        assertOne("no such heading", MarkdownRules.violations(root, "a.md", "# One\n[b](#two)\n"));
    }

    @Test
    void anchorsAreGitHubs() {
        assertEquals(
                List.of("1-modules-one-way", "a", "a-1", "c_d--e"),
                MarkdownRules.anchors("# 1. Modules: one way\n## A\n```\n# no\n```\n## [A](b.md)\n### c_d & e ###\n"));
    }

    @Test
    void wholeKernel() {
        List<String> files = new ArrayList<>(List.of(
                "kernels/src/main/cuda/short_conv.cu",
                "kernels/src/main/cuda/common/mma.cuh",
                "kernels/src/main/resources/ptx/short_conv.ptx.gz",
                "kernels/src/main/java/io/penstock/kernels/ShortConvKernel.java",
                "runtime/src/main/java/io/penstock/runtime/cpu/CpuOps.java",
                "runtime/src/main/java/io/penstock/runtime/cuda/CudaOps.java",
                "runtime/src/test/java/io/penstock/runtime/ShortConvTest.java",
                "bench/src/main/java/io/penstock/bench/ShortConvBenchmark.java"));
        assertNone(KernelRules.violations(files, _ -> "    void shortConv(int slot) {"));
        assertEquals(2, KernelRules.violations(files, _ -> "").size());
        assertEquals(6, KernelRules.violations(files.subList(0, 1), _ -> "").size());
        files.removeLast();
        assertOne("benchmark: write ShortConvBenchmark", KernelRules.violations(files, _ -> " shortConv("));
    }
}
