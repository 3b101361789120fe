package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** The checked-in PTX is what the sources beside it were compiled to. */
class ManifestTest {
    private static final Path MAIN = Path.of(System.getProperty("basedir", ".")).resolve("src/main");
    private static final Path CUDA = MAIN.resolve("cuda");
    private static final Path PTX = MAIN.resolve("resources/io/penstock/kernels/ptx");
    private static final String SUFFIX = ".ptx.gz";
    private static final Pattern INCLUDE = Pattern.compile("(?m)^\\s*#include \"([^\"]+)\"");
    private static final String STALE = "; run 'make -C kernels ptx' and commit what it wrote";

    private final JsonNode kernels;

    ManifestTest() throws IOException {
        kernels = new ObjectMapper().readTree(Files.readString(PTX.resolve("manifest.json"))).get("kernels");
    }

    @Test
    void sourcesAreThoseThatWereCompiled() throws IOException {
        for (Map.Entry<String, JsonNode> kernel : kernels.properties()) {
            Map<String, String> recorded = new TreeMap<>();
            kernel.getValue().get("sources").properties().forEach(
                    source -> recorded.put(source.getKey(), source.getValue().asText()));
            Map<String, String> actual = new TreeMap<>();
            addClosure(source(kernel.getKey()), actual);
            assertEquals(recorded, actual, "sources of " + kernel.getKey() + STALE);
        }
    }

    @Test
    void ptxIsWhatWasCompiled() throws IOException {
        for (Map.Entry<String, JsonNode> kernel : kernels.properties()) {
            Path file = PTX.resolve(kernel.getKey() + SUFFIX);
            byte[] ptx = decompressed(file);
            assertEquals(kernel.getValue().get("ptxSha256").asText(), sha256(ptx), file + STALE);
            String version = kernel.getValue().get("ptxVersion").asText();
            String text = new String(ptx, StandardCharsets.UTF_8);
            assertTrue(text.contains("\n.version " + version + "\n"), file + " is not of version " + version + STALE);
            String target = kernel.getKey().substring(0, kernel.getKey().indexOf('/'));
            assertTrue(text.contains("\n.target " + target + "\n"), file + " is not for " + target + STALE);
        }
    }

    @Test
    void everySourceIsCompiledAndEveryPtxHasOne() throws IOException {
        TreeSet<String> compiled = new TreeSet<>();
        kernels.properties().forEach(kernel -> compiled.add(kernel.getKey()));
        TreeSet<String> sources = new TreeSet<>();
        for (Path source : files(CUDA, ".cu")) {
            Path name = CUDA.relativize(source);
            sources.add((name.getNameCount() == 1 ? "sm_80/" + name : name.toString()).replaceFirst("\\.cu$", ""));
        }
        assertEquals(sources, compiled, "manifest" + STALE);
        TreeSet<String> ptx = new TreeSet<>();
        for (Path file : files(PTX, SUFFIX)) {
            ptx.add(PTX.relativize(file).toString().replace(SUFFIX, ""));
        }
        assertEquals(compiled, ptx, "PTX files" + STALE);
    }

    private static Path source(String kernel) {
        String name = kernel.startsWith("sm_80/") ? kernel.substring("sm_80/".length()) : kernel;
        return CUDA.resolve(name + ".cu");
    }

    private static void addClosure(Path source, Map<String, String> hashes) throws IOException {
        String name = CUDA.relativize(source.normalize()).toString();
        if (hashes.putIfAbsent(name, sha256(Files.readAllBytes(source))) == null) {
            Matcher include = INCLUDE.matcher(Files.readString(source));
            while (include.find()) {
                addClosure(source.resolveSibling(include.group(1)), hashes);
            }
        }
    }

    private static List<Path> files(Path directory, String suffix) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            return new ArrayList<>(paths.filter(path -> path.toString().endsWith(suffix)).toList());
        }
    }

    private static byte[] decompressed(Path file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return in.readAllBytes();
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
