package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Penstock keeps {@link ArchitectureRules}, and a fixture breaks each of them: a rule that cannot fail is none. */
class ArchitectureTest {
    private static final String FIXTURES = "io.penstock.cli.fixtures";

    private static final ArchitectureRules PENSTOCK = new ArchitectureRules("io.penstock");
    private static final ArchitectureRules BROKEN = new ArchitectureRules(FIXTURES);
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.penstock");
    private static final JavaClasses FIXTURE_CLASSES = new ClassFileImporter().importPackages(FIXTURES);

    static Set<String> rules() {
        return PENSTOCK.all().keySet();
    }

    /** All but the one whose fixture no compiler takes without a warning. */
    static Stream<String> rulesWithFixture() {
        return rules().stream().filter(rule -> !rule.equals("unsafe"));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void penstockKeeps(String name) {
        ArchRule rule = PENSTOCK.all().get(name).allowEmptyShould(true);
        EvaluationResult result = rule.evaluate(CLASSES);
        assertEquals("", String.join("\n", result.getFailureReport().getDetails()), rule::getDescription);
    }

    @ParameterizedTest
    @MethodSource("rulesWithFixture")
    void fixtureBreaks(String name) {
        EvaluationResult result = BROKEN.all().get(name).evaluate(FIXTURE_CLASSES);
        assertTrue(result.hasViolation(), "no class of " + FIXTURES + " breaks the rule '" + name + "': add one");
    }

    @Test
    void unsafeIsSeen(@TempDir Path directory) throws IOException {
        byte[] fixture = ClassFile.of().build(ClassDesc.of("Peeks"), type -> type.withField(
                "unsafe", ClassDesc.of("sun.misc.Unsafe"), ClassFile.ACC_PRIVATE));
        Files.write(directory.resolve("Peeks.class"), fixture);
        JavaClasses peeks = new ClassFileImporter().importPath(directory);
        assertTrue(PENSTOCK.all().get("unsafe").evaluate(peeks).hasViolation());
    }

    @ParameterizedTest
    @MethodSource("importedModules")
    void modulesAreSeen(String module) {
        Set<String> packages = new TreeSet<>();
        CLASSES.forEach(type -> packages.add(type.getPackageName()));
        assertTrue(packages.stream().anyMatch(name -> name.startsWith("io.penstock." + module)), packages::toString);
    }

    static Stream<String> importedModules() {
        return Stream.of("cli", "device", "runtime");
    }
}
