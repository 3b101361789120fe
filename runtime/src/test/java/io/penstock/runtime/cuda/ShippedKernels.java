package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.device.KernelSignature;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.kernels.LinearKernel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;

/** The kernels of both sets of PTX, as its manifest lists them, and which of them an emulator was asked to run. */
final class ShippedKernels {
    private static final String PORTABLE = "sm_80/";
    private static final String HOPPER = "sm_90a/";

    /** In the name of a kernel that reads weights as images of tiles, as they lie on 9.0 alone. */
    private static final String TILED = "_tiled_";

    private static final Map<String, Set<String>> MODULES = modules();

    private ShippedKernels() {}

    private static Map<String, Set<String>> modules() {
        Map<String, Set<String>> modules = new TreeMap<>();
        try (InputStream in = LinearKernel.class.getResourceAsStream("ptx/manifest.json")) {
            for (var kernel : new ObjectMapper().readTree(in).get("kernels").properties()) {
                modules.put(kernel.getKey(), new TreeSet<>(KernelSignature.parse(ptx(kernel.getKey())).keySet()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return modules;
    }

    private static String ptx(String module) throws IOException {
        try (InputStream in = LinearKernel.class.getResourceAsStream("ptx/" + module + ".ptx.gz")) {
            return new String(new GZIPInputStream(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The operations that have kernels which 8.0 runs, or which only 9.0 does. */
    static Set<String> operationsWith(int computeCapability) {
        Set<String> operations = new TreeSet<>();
        MODULES.keySet().forEach(module -> operations.add(module.substring(module.indexOf('/') + 1)));
        operations.removeIf(operation -> of(operation, computeCapability).isEmpty());
        return operations;
    }

    /** An operation's kernels that 8.0 runs, or that only 9.0 does. */
    static Set<String> of(String operation, int computeCapability) {
        boolean isHopper = computeCapability == 90;
        Set<String> kernels = new TreeSet<>(MODULES.getOrDefault(PORTABLE + operation, Set.of()));
        kernels.removeIf(kernel -> kernel.contains(TILED) != isHopper);
        if (isHopper) {
            kernels.addAll(MODULES.getOrDefault(HOPPER + operation, Set.of()));
        }
        return kernels;
    }

    /** All kernels that 8.0 runs, or that only 9.0 does. */
    static Set<String> all(int computeCapability) {
        Set<String> kernels = new TreeSet<>();
        operationsWith(computeCapability).forEach(operation -> kernels.addAll(of(operation, computeCapability)));
        return kernels;
    }

    /** Takes those away that were launched on a device since its counters were cleared. */
    static void removeLaunched(Set<String> kernels, EmulatorDevice device) {
        kernels.removeIf(kernel -> device.counters(kernel).values().get("ctas") > 0);
    }

    static void requireNone(Set<String> notLaunched, String what) {
        assertEquals(Set.of(), notLaunched, "kernels that are not " + what);
    }
}
