package io.penstock.batch.spark;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.JavaModuleOptions;

/** A Spark installation of Spark's own jars where Maven has them, and what is submitted to it. */
final class SparkInstallation {
    private static final long TIMEOUT_SECONDS = 420;
    private static final int SHOWN_LINES = 60;

    private final Path home;
    private final Path log;
    private final String classPath;

    SparkInstallation(Path directory) throws IOException {
        home = directory.resolve("spark-home");
        log = directory.resolve("spark.log");
        Files.createDirectories(home.resolve("jars"));
        classPath = Files.readString(Path.of(System.getProperty("penstock.spark"))).strip();
    }

    /** Runs {@code spark-submit} with the shaded jar and returns its exit code; everything it says is in the log. */
    int submit(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().split(" ")));
        command.addAll(List.of("-Xmx1g", "-cp", classPath,
                "org.apache.spark.deploy.SparkSubmit", "--conf", "spark.ui.enabled=false",
                "--conf", "spark.executor.extraClassPath=" + classPath,
                "--conf", "spark.executorEnv.JAVA_HOME=" + System.getProperty("java.home")));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).directory(home.toFile())
                .redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("SPARK_LOCAL_HOSTNAME", "localhost");
        Process process = builder.start();
        boolean hasEnded = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (!hasEnded) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        assertTrue(hasEnded, () -> "spark-submit takes too long: " + said());
        return process.exitValue();
    }

    /** The last that it said. */
    String said() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size()));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
