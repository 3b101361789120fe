package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Each module of both sets has its page, which is dated and speaks of it. */
class KernelPagesTest {
    private static final Path DOCS = Path.of(System.getProperty("basedir", ".")).resolve("../docs/kernels");
    private static final Pattern ROW = Pattern.compile("\\| `(sm_\\w+)/(\\w+)` \\| \\[[^]]*]\\(([^)#]+)[^)]*\\) \\|");
    private static final Pattern DATE = Pattern.compile("\\d{1,2} [A-Z][a-z]+ 20\\d\\d\\.");

    @Test
    void everyModuleHasAPage() throws IOException {
        TreeSet<String> modules = new TreeSet<>();
        for (PtxSet set : PtxSet.values()) {
            Ptx.operations(set).forEach(operation -> modules.add(set.target() + "/" + operation));
        }
        TreeSet<String> listed = new TreeSet<>();
        Matcher row = ROW.matcher(Files.readString(DOCS.resolve("README.md")));
        while (row.find()) {
            listed.add(row.group(1) + "/" + row.group(2));
            String page = Files.readString(DOCS.resolve(row.group(3)));
            assertTrue(page.contains("`" + row.group(2) + "`"), row.group(3) + " does not speak of " + row.group(2));
            assertTrue(DATE.matcher(page.lines().limit(3).toList().getLast()).lookingAt(),
                    row.group(3) + " does not begin with its date");
        }
        assertEquals(modules, listed, "modules in docs/kernels/README.md");
    }
}
