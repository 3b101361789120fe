package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The source tree keeps its budgets. Each test lists all violations of its rules, with what to do about each. */
class TidyTest {
    private static final int MAX_PUBLIC_TYPES = 15;
    /** The launchers of all operations, of which there are more: docs/adr/0009. */
    private static final String LAUNCHERS = "kernels/src/main/java/io/penstock/kernels";
    private static final int MAX_PUBLIC_LAUNCHERS = 30;
    private static final long MAX_TOTAL_BYTES = 35L << 20;

    private static void assertTidy(List<String> violations) {
        assertEquals("", String.join("\n", violations), () -> violations.size() + " violations");
    }

    @Test
    void treeIsRead() {
        assertTrue(SourceTree.files().containsAll(List.of("penstock", "pom.xml", ".ci/run")), "the tree is elsewhere");
        assertTrue(SourceTree.files(TextRules::concern).size() > 20, "too few files to be all of them");
    }

    @Test
    void textFiles() {
        List<String> violations = new ArrayList<>();
        for (String file : SourceTree.files(TextRules::concern)) {
            violations.addAll(TextRules.violations(file, SourceTree.read(file)));
        }
        assertTidy(violations);
    }

    @Test
    void javaFiles() {
        List<String> violations = new ArrayList<>();
        TreeMap<String, Integer> numPublicTypes = new TreeMap<>();
        for (String file : SourceTree.files(file -> file.endsWith(".java"))) {
            JavaRules.Findings findings = JavaRules.findings(file, SourceTree.read(file));
            violations.addAll(findings.violations());
            if (file.contains("/src/main/")) {
                numPublicTypes.merge(directory(file), findings.numPublicTypes(), Integer::sum);
            }
        }
        numPublicTypes.forEach((directory, num) -> {
            int max = directory.equals(LAUNCHERS) ? MAX_PUBLIC_LAUNCHERS : MAX_PUBLIC_TYPES;
            if (num > max) {
                violations.add(directory + ": " + num + " public types, more than " + max
                        + "; make private what only the package uses, or split the package");
            }
        });
        assertTidy(violations);
    }

    @Test
    void packagesSayWhatTheyAre() {
        Set<String> described = new HashSet<>();
        Set<String> all = new HashSet<>();
        for (String file : SourceTree.files(file -> file.contains("/src/main/java/") && file.endsWith(".java"))) {
            all.add(directory(file));
            if (file.endsWith("/package-info.java")) {
                described.add(directory(file));
            }
        }
        all.removeAll(described);
        assertTidy(all.stream()
                .sorted()
                .map(directory -> directory + " has no package-info.java; say what lives there and what may not")
                .toList());
    }

    @Test
    void architecturePageNamesEveryPackage() {
        String page = SourceTree.read("docs/ARCHITECTURE.md");
        assertTidy(SourceTree.files(file -> file.endsWith("/package-info.java") && file.contains("/src/main/")).stream()
                .map(file -> directory(file).replaceFirst(".*/src/main/java/io/penstock/", "").replace('/', '.'))
                .filter(name -> !page.contains("\n| `" + name + "` |"))
                .map(name -> "docs/ARCHITECTURE.md does not name the package " + name + "; say in a row what it is")
                .toList());
    }

    @Test
    void links() {
        List<String> violations = new ArrayList<>();
        for (String file : SourceTree.files(file -> file.endsWith(".md"))) {
            violations.addAll(MarkdownRules.violations(SourceTree.root(), file, SourceTree.read(file)));
        }
        assertTidy(violations);
    }

    @Test
    void kernelsAreWhole() {
        assertTidy(KernelRules.violations(SourceTree.files(), SourceTree::read));
    }

    @Test
    void repositoryIsSmall() {
        long total = SourceTree.files().stream().mapToLong(SourceTree::numBytes).sum();
        assertTrue(total <= MAX_TOTAL_BYTES, () -> "the files of the repository are " + total + " bytes, more than "
                + MAX_TOTAL_BYTES + "; make large data smaller, or generate it in the test");
    }

    private static String directory(String file) {
        return file.substring(0, file.lastIndexOf('/'));
    }
}
