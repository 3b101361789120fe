package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.cuda.PtxCompilation.Entry;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PtxCompilerTest {
    @ParameterizedTest
    @ValueSource(strings = {"sm_80", "sm_89", "sm_90", "sm_90a"})
    void accepts(String architecture) {
        PtxCompilation compilation = PtxCompiler.compile(PtxTexts.COPY, architecture);
        assertTrue(compilation.isAccepted(), compilation::errorLog);
        assertEquals(architecture, compilation.architecture());
        assertEquals(List.of(), compilation.notes());
        assertEquals("", compilation.errorLog());
        assertEquals(List.of("copy", "nothing"), compilation.entries().stream().map(Entry::name).sorted().toList());
        Entry copy = compilation.entry("copy");
        assertEquals(256, copy.staticSharedBytes());
        assertTrue(copy.numRegisters() >= 4 && copy.numRegisters() <= 32, copy::toString);
        assertEquals(0, copy.stackBytes() + copy.spillStoreBytes() + copy.spillLoadBytes());
        assertEquals(0, compilation.entry("nothing").staticSharedBytes());
        assertThrows(IllegalArgumentException.class, () -> compilation.entry("other"));
    }

    @Test
    void countsSpills() {
        PtxCompilation compilation = PtxCompiler.compile(PtxTexts.spilling(), "sm_90a");
        Entry entry = compilation.entry("crowded");
        assertEquals(32, entry.numRegisters());
        assertTrue(entry.spillStoreBytes() > 300 && entry.spillLoadBytes() > 300, entry::toString);
        assertTrue(entry.stackBytes() >= entry.spillStoreBytes(), entry::toString);
        assertEquals(List.of("crowded spills registers: " + entry.spillStoreBytes() + " bytes stored, "
                + entry.spillLoadBytes() + " loaded"), compilation.notes());
    }

    @Test
    void notesSerialisedProducts() {
        PtxCompilation compilation = PtxCompiler.compile(PtxTexts.SERIALISED, "sm_90a");
        assertTrue(compilation.isAccepted(), compilation::errorLog);
        assertEquals(1, compilation.notes().size(), compilation::toString);
        String note = compilation.notes().getFirst();
        assertTrue(note.startsWith("(C7515)") && note.contains("serialized") && note.contains("'product'"), note);
    }

    @Test
    void rejectsWithTheCompilersWords() {
        PtxCompilation broken = PtxCompiler.compile(PtxTexts.UNKNOWN_INSTRUCTION, "sm_80");
        assertFalse(broken.isAccepted());
        assertTrue(broken.errorLog().contains("line 4") && broken.errorLog().contains("frobnicate"), broken::errorLog);
        assertEquals(List.of(), broken.entries());

        String newer = PtxTexts.COPY.replace(".version 8.0", ".version 9.0");
        assertTrue(PtxCompiler.compile(newer, "sm_80").errorLog().contains("Unsupported .version 9.0"));
        assertTrue(PtxCompiler.compile(PtxTexts.COPY, "sm_100").errorLog().contains("sm_100"));
        assertTrue(PtxCompiler.compile(PtxTexts.SERIALISED, "sm_90").errorLog().contains("sm_90"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n", "no PTX", ".version 8.0\n", ".target sm_80\n", "// .version 8.0\n.target sm_80"})
    void rejectsWhatIsNoPtx(String text) {
        assertTrue(PtxCompiler.compile(text, "sm_80").errorLog().contains(".version and .target"), text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "}", ".visible .entry f(", ".visible .entry f() {", "garbage", ".entry f() {\0}"})
    void survivesWhatIsBroken(String body) {
        String text = "//\n// made by hand\n//\n\n.version 8.0\n.target sm_80\n.address_size 64\n" + body;
        assertEquals(body.isEmpty(), PtxCompiler.compile(text, "sm_80").isAccepted(), body);
    }

    @Test
    void severalThreads() throws Exception {
        PtxCompilation expected = PtxCompiler.compile(PtxTexts.spilling(), "sm_80");
        Callable<PtxCompilation> compile = () -> PtxCompiler.compile(PtxTexts.spilling(), "sm_80");
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (Future<PtxCompilation> compilation : threads.invokeAll(List.of(compile, compile, compile, compile))) {
                assertEquals(expected, compilation.get());
            }
        }
    }
}
