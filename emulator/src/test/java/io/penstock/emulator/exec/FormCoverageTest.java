package io.penstock.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every word by which the decoder chooses occurs in a form that is tested: a new one without a test fails here. */
class FormCoverageTest {
    private static final Path SOURCES = Path.of("src/main/java/io/penstock/emulator");
    private static final List<String> CHOOSING = List.of("exec/OpTable", "exec/AluTable", "exec/MoveTable",
            "exec/MemoryTable", "exec/SyncTable", "exec/MatrixTable", "exec/AsyncTable",
            "exec/ClusterTable", "exec/WarpGroupTable", "exec/IntegerFunctions", "exec/FloatFunctions",
            "exec/FastFunctions", "exec/Conversions", "exec/Comparisons", "exec/Rounding", "exec/CarryArithmetic",
            "exec/SpecialRegisters", "exec/External", "ptx/StateSpace", "ptx/PtxType");
    private static final Pattern LABEL = Pattern.compile("case ((?:\"[^\"]+\"[,\\s]*)+)->");
    private static final Pattern ASKED = Pattern.compile("(?:has|equals)\\((\"[^\"]+\")\\)");
    private static final Pattern SETS = Pattern.compile("Set\\.of\\(([^)]*)\\)");
    private static final Pattern QUOTED = Pattern.compile("\"([^\"]+)\"");

    /** What the decoder asks for, out of its source. */
    private static Set<String> known() throws IOException {
        Set<String> words = new TreeSet<>();
        for (String file : CHOOSING) {
            String source = Files.readString(SOURCES.resolve(file + ".java"));
            for (Pattern pattern : List.of(LABEL, ASKED, SETS)) {
                Matcher matcher = pattern.matcher(source);
                while (matcher.find()) {
                    Matcher quoted = QUOTED.matcher(matcher.group(1));
                    while (quoted.find()) {
                        words.add(quoted.group(1));
                    }
                }
            }
        }
        return words;
    }

    private static Set<String> tested() {
        Set<String> words = new TreeSet<>();
        Stream<Form> forms = Stream.of(InstructionTest.integers(), InstructionTest.bits(), InstructionTest.floats(),
                IntegerForms.all(), BitForms.all(), FloatForms.all(), HalfForms.all(), ConversionForms.all(),
                PredicateForms.all(), MemoryForms.all(), AtomicForms.all(), WarpForms.all(), BlockForms.all(),
                MatrixForms.all(), AsyncForms.all(), WarpGroupForms.all()).flatMap(each -> each);
        Stream<String> bodies = Stream.of(forms.map(each -> each.preamble() + each.body()), RefusedFormsTest.forms(),
                RefusedFormsTest.ends(), RefusedFormsTest.leaving(), ApproximationTest.forms().map(Object::toString))
                .flatMap(each -> each);
        bodies.forEach(body -> {
            for (String word : body.split("[\\s,;{}()\\[\\]|!@+]+")) {
                words.add(word.replaceFirst("^%", ""));
                words.addAll(List.of(word.split("\\.")));
            }
        });
        return words;
    }

    @Test
    void everyWordOfTheDecoderIsTested() throws IOException {
        Set<String> known = known();
        assertTrue(known.size() > 240, () -> known.size() + " words found");
        known.removeAll(tested());
        assertEquals(Set.of(), known);
    }
}
