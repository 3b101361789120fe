package io.penstock.bench.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The CPU that a result was measured on.
 *
 * @param numCores physical cores, or logical CPUs where the kernel does not tell them apart
 * @param numCpus logical CPUs of the machine
 * @param numUsableCpus logical CPUs that this process may use
 * @param lastLevelCacheBytes all caches of the highest level together; 0 where unknown
 */
public record MachineInfo(
        String cpuModel, int numCores, int numCpus, int numUsableCpus, long lastLevelCacheBytes) {

    /** Reads {@code /proc/cpuinfo} and {@code /sys}; what is missing there comes from the JVM. */
    public static MachineInfo ofThisMachine() {
        return read(Path.of("/proc/cpuinfo"), Path.of("/sys/devices/system/cpu"),
                Runtime.getRuntime().availableProcessors());
    }

    static MachineInfo read(Path cpuinfo, Path sysCpus, int numUsableCpus) {
        try {
            String model = null;
            int numCpus = 0;
            String socket = "";
            Set<String> cores = new HashSet<>();
            for (String line : linesOrNone(cpuinfo)) {
                int colon = line.indexOf(':');
                String key = colon < 0 ? "" : line.substring(0, colon).strip();
                String value = line.substring(colon + 1).strip();
                switch (key) {
                    case "processor" -> numCpus++;
                    case "model name" -> model = model == null ? value : model;
                    case "physical id" -> socket = value;
                    case "core id" -> cores.add(socket + "/" + value);
                    default -> { }
                }
            }
            numCpus = Math.max(numCpus, numUsableCpus);
            return new MachineInfo(model == null ? System.getProperty("os.arch") : model,
                    cores.isEmpty() ? numCpus : cores.size(), numCpus, numUsableCpus, lastLevelCacheBytes(sysCpus));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One line for {@code device} of a result, such as {@code AMD EPYC, 2 cores}. */
    public String device() {
        StringBuilder text = new StringBuilder(cpuModel).append(", ").append(numCores).append(
                numCores == 1 ? " core" : " cores");
        if (numCpus != numCores) {
            text.append(", ").append(numCpus).append(" threads");
        }
        if (numUsableCpus < numCpus) {
            text.append(", ").append(numUsableCpus).append(" usable");
        }
        return text.toString();
    }

    private static List<String> linesOrNone(Path file) throws IOException {
        try {
            return Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    private static long lastLevelCacheBytes(Path sysCpus) throws IOException {
        int highestLevel = 0;
        Map<String, Long> bytesBySharers = new HashMap<>();
        for (Path cpu : directories(sysCpus, "cpu[0-9]*")) {
            for (Path cache : directories(cpu.resolve("cache"), "index[0-9]*")) {
                int level = Integer.parseInt(first(cache.resolve("level"), "0"));
                if (level < highestLevel || first(cache.resolve("type"), "").equals("Instruction")) {
                    continue;
                }
                if (level > highestLevel) {
                    highestLevel = level;
                    bytesBySharers.clear();
                }
                bytesBySharers.put(first(cache.resolve("shared_cpu_list"), cpu.toString()),
                        sizeBytes(first(cache.resolve("size"), "0")));
            }
        }
        return bytesBySharers.values().stream().mapToLong(Long::longValue).sum();
    }

    private static List<Path> directories(Path parent, String glob) throws IOException {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (var stream = Files.newDirectoryStream(parent, glob)) {
            List<Path> found = new ArrayList<>();
            stream.forEach(found::add);
            return found;
        }
    }

    private static String first(Path file, String otherwise) throws IOException {
        List<String> lines = linesOrNone(file);
        return lines.isEmpty() ? otherwise : lines.getFirst().strip();
    }

    private static long sizeBytes(String size) {
        char unit = size.charAt(size.length() - 1);
        if (Character.isDigit(unit)) {
            return Long.parseLong(size);
        }
        long number = Long.parseLong(size.substring(0, size.length() - 1));
        return number << (unit == 'G' ? 30 : unit == 'M' ? 20 : 10);
    }
}
