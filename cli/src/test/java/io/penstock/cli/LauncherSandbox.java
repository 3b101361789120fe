package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A copy of {@code ./penstock} in a source tree of its own, with no JDK and no Maven of the machine in sight: the fakes
 * are shell scripts that print their arguments, one a line.
 */
final class LauncherSandbox {
    private static final List<String> TOOLS = List.of(
            "sh", "cat", "dirname", "find", "head", "ln", "mkdir", "mv", "readlink", "rm", "rmdir", "sleep", "touch");

    private static final String FAKE_JAVA = """
            #!/bin/sh
            echo "LC_ALL=${LC_ALL:-}" >&2
            printf '%s\\n' "$@"
            """;

    private static final String FAKE_MVN = """
            #!/bin/sh
            echo called >> "$SANDBOX/builds"
            echo noise of a build
            for argument; do
                case $argument in -Dpenstock.dist=*) dist=${argument#-Dpenstock.dist=} ;; esac
            done
            if [ -n "${dist:-}" ]; then
                mkdir -p "$dist/lib"
                touch "$dist/lib/dependency.jar"
                sleep "${FAKE_MVN_SLEEPS:-0}"
                [ -z "${FAKE_MVN_FAILS:-}" ] || exit 1
                [ -z "${FAKE_MVN_TOUCHES:-}" ] || touch "$FAKE_MVN_TOUCHES"
                sleep 0.02
                touch "$dist/lib/penstock-cli-1.jar"
            fi
            echo "JAVA_HOME=$JAVA_HOME"
            printf '%s\\n' "$@"
            """;

    private final Path temp;
    private final Path root;
    private final Path bin;
    private final Map<String, String> environment = new HashMap<>();

    LauncherSandbox(Path temp) throws IOException {
        this.temp = temp.toRealPath();
        root = Files.createDirectories(this.temp.resolve("a tree"));
        bin = Files.createDirectories(this.temp.resolve("bin"));
        for (String tool : TOOLS) {
            program(bin.resolve(tool), "#!/bin/sh\nexec " + installed(tool) + " \"$@\"\n");
        }
        program(bin.resolve("mvn"), FAKE_MVN);
        program(root.resolve("penstock"), launcherThatLooksIn(this.temp.resolve("jvm")));
        Files.createDirectories(source().getParent());
        for (Path old : List.of(root.resolve("pom.xml"), root.resolve("cli/pom.xml"), source())) {
            Files.writeString(old, "");
        }
        environment.put("PATH", bin.toString());
        environment.put("HOME", this.temp.resolve("home").toString());
        environment.put("SANDBOX", this.temp.toString());
    }

    private static Path installed(String tool) {
        return Stream.of("/usr/bin/", "/bin/")
                .map(directory -> Path.of(directory + tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
    }

    private static String launcherThatLooksIn(Path jvms) throws IOException {
        String script = Files.readString(SourceTree.root().resolve("penstock"));
        for (String place : List.of("/usr/lib/jvm/*", "/opt/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home")) {
            assertTrue(script.contains(" " + place), place);
            script = script.replace(" " + place, " " + jvms + "/*");
        }
        return script;
    }

    private static void program(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** A JDK of that version at a path under the sandbox; {@code jvm/NAME} is where the launcher looks by itself. */
    Path jdk(String path, String version) throws IOException {
        Path home = temp.resolve(path);
        program(home.resolve("bin/java"), FAKE_JAVA);
        program(home.resolve("bin/javac"), FAKE_JAVA);
        String release = "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\nOS_ARCH=\"y\"\n";
        Files.writeString(home.resolve("release"), release);
        return home;
    }

    LauncherSandbox with(String name, Object value) {
        environment.put(name, value.toString());
        return this;
    }

    Path root() {
        return root;
    }

    Path bin() {
        return bin;
    }

    Path source() {
        return root.resolve("cli/src/main/java/A.java");
    }

    Path stamp() {
        return root.resolve("cli/target/dist/lib/penstock-cli-1.jar");
    }

    int numBuilds() throws IOException {
        Path builds = temp.resolve("builds");
        return Files.exists(builds) ? Files.readAllLines(builds).size() : 0;
    }

    void pretendBuilt() throws IOException {
        Files.createDirectories(stamp().getParent());
        Files.writeString(stamp(), "");
        makeNewer(stamp());
    }

    void makeNewer(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(10)));
    }

    Result run(String... arguments) throws IOException, InterruptedException {
        return run(temp, root.resolve("penstock"), arguments);
    }

    Result run(Path directory, Path script, String... arguments) throws IOException, InterruptedException {
        Path out = Files.createTempFile(temp, "out", "");
        Path err = Files.createTempFile(temp, "err", "");
        int exitCode = builder(directory, script, arguments)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start()
                .waitFor();
        return new Result(exitCode, Files.readString(out), Files.readString(err));
    }

    Process start(String... arguments) throws IOException {
        return builder(temp, root.resolve("penstock"), arguments)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private ProcessBuilder builder(Path directory, Path script, String... arguments) {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder;
    }

    record Result(int exitCode, String out, String err) {
        void failsWithOneLine(String... parts) {
            assertEquals(1, exitCode, err);
            assertEquals("", out);
            assertEquals(1, err.lines().count(), err);
            assertTrue(err.startsWith("penstock: "), err);
            for (String part : parts) {
                assertTrue(err.contains(part), err);
            }
        }
    }
}
