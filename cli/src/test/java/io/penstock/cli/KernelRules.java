package io.penstock.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** One operation, one name in every layer: a {@code .cu} file has its PTX, launcher, both twins, test and benchmark. */
final class KernelRules {
    private KernelRules() {}

    /**
     * @param files all files of the repository
     * @param read gives a file's text
     */
    static List<String> violations(List<String> files, UnaryOperator<String> read) {
        List<String> violations = new ArrayList<>();
        String cpu = texts(files, "runtime/src/main/java/io/penstock/runtime/cpu/", read);
        String cuda = texts(files, "runtime/src/main/java/io/penstock/runtime/cuda/", read);
        for (String file : files) {
            if (!file.startsWith("kernels/src/main/cuda/") || !file.endsWith(".cu")) {
                continue;
            }
            String operation = file.substring(file.lastIndexOf('/') + 1, file.length() - ".cu".length());
            String type = camelCase(operation);
            String method = type.substring(0, 1).toLowerCase(Locale.ROOT) + type.substring(1);
            boolean hasPtx = files.stream().anyMatch(f -> f.startsWith("kernels/src/main/resources/")
                    && f.endsWith(".ptx.gz")
                    && f.substring(f.lastIndexOf('/') + 1).startsWith(operation));
            require(hasPtx, file, "PTX: compile it and check in " + operation + ".ptx.gz", violations);
            require(has(files, "kernels/src/main/", type + "Kernel.java"), file,
                    "launcher: write " + type + "Kernel in kernels", violations);
            require(cpu.contains(" " + method + "("), file,
                    "CPU twin: write " + method + " in io.penstock.runtime.cpu", violations);
            require(cuda.contains(" " + method + "("), file,
                    "CUDA twin: write " + method + " in io.penstock.runtime.cuda", violations);
            require(has(files, "", type + "Test.java"), file, "test: write " + type + "Test", violations);
            require(has(files, "bench/", type + "Benchmark.java"), file,
                    "benchmark: write " + type + "Benchmark in bench", violations);
        }
        return violations;
    }

    private static void require(boolean there, String file, String missing, List<String> violations) {
        if (!there) {
            violations.add(file + " has no " + missing);
        }
    }

    private static boolean has(List<String> files, String directory, String name) {
        return files.stream().anyMatch(file -> file.startsWith(directory) && file.endsWith("/" + name));
    }

    private static String texts(List<String> files, String directory, UnaryOperator<String> read) {
        StringBuilder texts = new StringBuilder();
        files.stream().filter(file -> file.startsWith(directory)).map(read).forEach(texts::append);
        return texts.toString();
    }

    static String camelCase(String operation) {
        StringBuilder name = new StringBuilder();
        for (String word : operation.split("_")) {
            name.append(word.substring(0, 1).toUpperCase(Locale.ROOT)).append(word.substring(1));
        }
        return name.toString();
    }
}
