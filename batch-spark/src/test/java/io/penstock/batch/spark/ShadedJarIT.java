package io.penstock.batch.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** The jar that executors get is whole, and holds nothing that Spark has, too. */
class ShadedJarIT {
    private static final Path JAR = Path.of(System.getProperty("penstock.jar"));
    private static final String CLASS = ".class";

    private static Set<String> classes(Path jar) throws IOException {
        Set<String> names = new HashSet<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            file.stream().map(JarEntry::getName).filter(name -> name.endsWith(CLASS)).forEach(names::add);
        }
        return names;
    }

    private static List<Path> sparkJars() throws IOException {
        String path = Files.readString(Path.of(System.getProperty("penstock.spark"))).strip();
        return List.of(path.split(File.pathSeparator)).stream().map(Path::of).toList();
    }

    @Test
    void holdsNoClassThatSparkHas() throws IOException {
        Set<String> ours = classes(JAR);
        assertTrue(ours.contains("io/penstock/batch/spark/PenstockTransform.class"), "the jar is another one");
        for (Path jar : sparkJars()) {
            Set<String> both = classes(jar);
            both.retainAll(ours);
            assertEquals(Set.of(), both, jar::toString);
        }
    }

    @Test
    void namesNoClassThatIsNowhere() throws IOException {
        Set<String> known = classes(JAR);
        for (Path jar : sparkJars()) {
            known.addAll(classes(jar));
        }
        Set<String> missing = new TreeSet<>();
        try (JarFile jar = new JarFile(JAR.toFile())) {
            for (JarEntry entry : jar.stream().filter(each -> isOurs(each.getName())).toList()) {
                byte[] bytes;
                try (InputStream in = jar.getInputStream(entry)) {
                    bytes = in.readAllBytes();
                }
                for (PoolEntry constant : ClassFile.of().parse(bytes).constantPool()) {
                    if (constant instanceof ClassEntry type && isMissing(type.asInternalName(), known)) {
                        missing.add(entry.getName() + " names " + type.asInternalName());
                    }
                }
            }
        }
        assertEquals(Set.of(), missing);
    }

    /** Others' libraries name what they can do without. */
    private static boolean isOurs(String name) {
        return name.startsWith("io/penstock/") && !name.startsWith("io/penstock/shaded/") && name.endsWith(CLASS);
    }

    private static boolean isMissing(String name, Set<String> known) {
        String type = name.startsWith("[") ? name.replaceFirst("^\\[+L?", "").replaceFirst(";$", "") : name;
        return type.length() > 1 && !known.contains(type + CLASS)
                && ClassLoader.getSystemResource(type + CLASS) == null;
    }

    @Test
    void resourcesOfTheModelsAreThere() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<String> names = jar.stream().map(JarEntry::getName).toList();
            assertTrue(names.stream().anyMatch(name -> name.endsWith(".ptx.gz")), "the GPU's kernels are missing");
            assertTrue(names.contains("penstock_spark.py"), "the module for Python is missing");
            assertTrue(names.stream().anyMatch(name -> name.startsWith("lib/libJCudaDriver")), "JCuda's natives");
        }
    }
}
