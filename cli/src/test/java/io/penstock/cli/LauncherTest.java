package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.cli.LauncherSandbox.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./penstock} itself, on a source tree, JDKs and a Maven that are all made up. */
class LauncherTest {
    @TempDir
    private Path temp;

    private LauncherSandbox sandbox;

    @BeforeEach
    void makeSandbox() throws IOException {
        sandbox = new LauncherSandbox(temp);
    }

    @ParameterizedTest
    @ValueSource(strings = {"25.0.3", "25.0.10", "25.1", "25.0.3-ea", "25.0.3.1", "26", "26.0.1", "100"})
    void takesJdk(String version) throws Exception {
        Path jdk = sandbox.jdk("jdk", version);
        Result result = sandbox.with("PENSTOCK_JAVA_HOME", jdk).run("jdk");
        assertEquals(new Result(0, jdk + "\n", ""), result);
    }

    @ParameterizedTest
    @ValueSource(strings = {"25", "25.0.2", "25-ea", "24.0.9", "17.0.15", "1.8.0_492", "9", "unknown"})
    void refusesJdk(String version) throws Exception {
        Path jdk = sandbox.jdk("jdk", version);
        Result result = sandbox.with("PENSTOCK_JAVA_HOME", jdk).run("jdk");
        result.failsWithOneLine("PENSTOCK_JAVA_HOME=" + jdk + " holds Java " + version, "a JDK 25.0.3 or newer");
    }

    @Test
    void refusesJavaHomeThatIsNone() throws Exception {
        sandbox.with("PENSTOCK_JAVA_HOME", temp).run("jdk").failsWithOneLine("holds no JDK");
    }

    @Test
    void saysWhatToInstallWhereThereIsNoJdk() throws Exception {
        sandbox.jdk("jvm/old", "17.0.15");
        sandbox.with("JAVA_HOME", sandbox.jdk("older", "11.0.2"))
                .run("--version")
                .failsWithOneLine("needs a JDK 25.0.3 or newer and found none: install one", "PENSTOCK_JAVA_HOME");
    }

    @Test
    void passesOverOldJdks() throws Exception {
        sandbox.jdk("jvm/jdk-17", "17.0.15");
        Path good = sandbox.jdk("jvm/jdk-25", "25.0.4");
        Result result = sandbox.with("JAVA_HOME", sandbox.jdk("old", "25.0.2")).run("jdk");
        assertEquals(good + "\n", result.out());
    }

    @Test
    void findsJdkOfJavaOnPathThroughLinks() throws Exception {
        Path jdk = sandbox.jdk("elsewhere/jdk", "25.0.3");
        Files.createSymbolicLink(temp.resolve("java-alternative"), jdk.resolve("bin/java"));
        Files.createSymbolicLink(sandbox.bin().resolve("java"), Path.of("../java-alternative"));
        assertEquals(jdk + "\n", sandbox.run("jdk").out());
    }

    @Test
    void buildingNeedsCompilerAndRunningDoesNot() throws Exception {
        Path jdk = sandbox.jdk("jdk", "25.0.3");
        Files.delete(jdk.resolve("bin/javac"));
        sandbox.with("PENSTOCK_JAVA_HOME", jdk);
        sandbox.run("--version").failsWithOneLine("bin/javac");
        sandbox.pretendBuilt();
        assertEquals(0, sandbox.run("--version").exitCode());
    }

    @Test
    void buildingNeedsMavenAndRunningDoesNot() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        Files.delete(sandbox.bin().resolve("mvn"));
        sandbox.run("--version").failsWithOneLine("needs Maven 3.8 or newer");
        sandbox.run("test").failsWithOneLine("needs Maven 3.8 or newer");
        sandbox.pretendBuilt();
        assertEquals(0, sandbox.run("--version").exitCode());
    }

    @Test
    void passesArgumentsAsTheyAre() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        sandbox.pretendBuilt();
        List<String> lines = sandbox.with("PENSTOCK_JAVA_OPTS", "-Xmx1g -Dx=y")
                .run("generate", "two words", "", "*", "$HOME")
                .out()
                .lines()
                .toList();
        int main = lines.indexOf("io.penstock.cli.Penstock");
        assertEquals(List.of("generate", "two words", "", "*", "$HOME"), lines.subList(main + 1, lines.size()));
        String classPath = sandbox.root() + "/cli/target/dist/lib/*";
        assertEquals(List.of("-Xmx1g", "-Dx=y", "-cp", classPath), lines.subList(main - 4, main));
        assertTrue(lines.containsAll(List.of("jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED")));
    }

    @Test
    void runsThroughLinksFromAnyDirectory() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        sandbox.pretendBuilt();
        Path link = Files.createSymbolicLink(temp.resolve("somewhere"), sandbox.root().resolve("penstock"));
        Path second = Files.createSymbolicLink(temp.resolve("a link"), link.getFileName());
        Result result = sandbox.run(Path.of("/"), second, "--version");
        assertTrue(result.out().contains(sandbox.root() + "/cli/target/dist/lib/*"), result::out);
    }

    @Test
    void takesArgumentsAsUtf8InTheCLocale() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        sandbox.pretendBuilt();
        assertTrue(sandbox.with("LC_ALL", "C").run("x").err().contains("LC_ALL=C.UTF-8"));
        assertTrue(sandbox.with("LC_ALL", "de_DE.UTF-8").run("x").err().contains("LC_ALL=de_DE.UTF-8"));
    }

    @Test
    void buildsOnceAndAgainWhenSourcesChange() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        Result first = sandbox.run("--version");
        assertEquals(0, first.exitCode(), first::err);
        assertTrue(first.err().contains("penstock: building (once"), first::err);
        assertFalse(first.err().contains("noise of a build"), first::err);
        sandbox.run("--version");
        assertEquals(1, sandbox.numBuilds());

        sandbox.makeNewer(sandbox.source());
        assertTrue(sandbox.run("--version").err().contains("the sources changed"));
        assertEquals(2, sandbox.numBuilds());

        Files.delete(sandbox.source());
        sandbox.makeNewer(sandbox.source().getParent());
        sandbox.run("--version");
        assertEquals(3, sandbox.numBuilds());
        sandbox.run("build");
        assertEquals(4, sandbox.numBuilds());
    }

    @Test
    void showsLogOfFailedBuildAndKeepsTheOldOne() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        sandbox.run("--version");
        sandbox.makeNewer(sandbox.source());
        Result result = sandbox.with("FAKE_MVN_FAILS", "yes").run("--version");
        assertEquals(1, result.exitCode());
        assertTrue(result.err().contains("noise of a build"), result::err);
        assertTrue(result.err().endsWith("penstock: the build failed (see above)\n"), result::err);
        assertTrue(Files.exists(sandbox.stamp()));
        assertFalse(Files.exists(sandbox.root().resolve("cli/target/dist.new")));
        assertFalse(Files.isSymbolicLink(sandbox.root().resolve("target/build.lock")));
    }

    @Test
    void sourceChangedDuringTheBuildIsBuiltNextTime() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        Instant before = Instant.now();
        Files.setLastModifiedTime(sandbox.source(), FileTime.from(before.minusSeconds(60)));
        sandbox.with("FAKE_MVN_TOUCHES", sandbox.source()).run("--version");
        sandbox.run("--version");
        assertEquals(2, sandbox.numBuilds());
    }

    @Test
    void takesOverTheLockOfDeadBuilder() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Files.createDirectories(sandbox.root().resolve("target"));
        Files.createSymbolicLink(sandbox.root().resolve("target/build.lock"), Path.of(Long.toString(dead.pid())));
        assertEquals(0, sandbox.run("--version").exitCode());
        assertEquals(1, sandbox.numBuilds());
    }

    @Test
    void twoFirstStartsBuildOnce() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        sandbox.with("FAKE_MVN_SLEEPS", "2");
        Process first = sandbox.start("--version");
        Result second = sandbox.run("--version");
        assertEquals(0, first.waitFor());
        assertEquals(0, second.exitCode(), second::err);
        assertEquals(1, sandbox.numBuilds());
    }

    @Test
    void interruptedBuildLeavesNoHalfOne() throws Exception {
        sandbox.jdk("jvm/jdk", "25.0.3");
        Process killed = sandbox.with("FAKE_MVN_SLEEPS", "60").start("--version");
        while (sandbox.numBuilds() == 0) {
            Thread.sleep(20);
        }
        killed.descendants().forEach(ProcessHandle::destroyForcibly);
        killed.destroyForcibly().waitFor();
        assertFalse(Files.exists(sandbox.stamp()));
        assertEquals(0, sandbox.with("FAKE_MVN_SLEEPS", "0").run("--version").exitCode());
        assertEquals(2, sandbox.numBuilds());
    }

    @Test
    void testRunsMavenOnTheJdkFound() throws Exception {
        Path jdk = sandbox.jdk("jvm/jdk", "25.0.3");
        Result result = sandbox.run("test", "-Dtest=Foo", "-pl", "a b");
        assertEquals(0, result.exitCode());
        assertTrue(result.out().contains("JAVA_HOME=" + jdk), result::out);
        assertTrue(result.out().endsWith("verify\n-Dtest=Foo\n-pl\na b\n"), result::out);
    }
}
