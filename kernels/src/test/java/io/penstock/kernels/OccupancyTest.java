package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceProperties;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import io.penstock.device.cuda.PtxCompilation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How many blocks of each kernel a multiprocessor holds: registers as compiled, threads and shared memory as launched,
 * against the table of the docs, and against what the launchers count on.
 */
class OccupancyTest {
    private static final Path PAGE =
            Path.of(System.getProperty("basedir", ".")).resolve("../docs/kernels/occupancy.md");
    private static final DeviceProperties AMPERE = device(80, 2048, 164);
    private static final DeviceProperties ADA = device(89, 1536, 100);
    private static final DeviceProperties HOPPER = device(90, 2048, 228);

    private static DeviceProperties device(int capability, int maxThreads, int sharedKib) {
        return new DeviceProperties("some", "none", capability,
                new DeviceProperties.Cores(1, 0, maxThreads, 65_536, sharedKib << 10, sharedKib - 1 << 10),
                new DeviceProperties.Memory(0, 0, 0, 0));
    }

    /** The calculator of CUDA gives the same: capability, registers, threads, bytes of shared memory. */
    @ParameterizedTest
    @CsvSource({
        "90, 32, 256, 0, 8, threads", "90, 33, 256, 0, 6, registers", "90, 64, 32, 0, 32, blocks",
        "90, 32, 32, 0, 32, blocks", "90, 168, 384, 205824, 1, shared memory", "90, 168, 288, 99328, 1, registers",
        "90, 128, 256, 102496, 2, shared memory", "90, 128, 256, 116736, 1, shared memory",
        "90, 16, 32, 232448, 1, shared memory", "90, 16, 32, 232449, 0, shared memory", "80, 255, 256, 0, 1, registers",
        "80, 232, 128, 98304, 1, shared memory", "80, 96, 128, 65536, 2, shared memory", "89, 32, 256, 0, 6, threads",
        "89, 32, 32, 0, 24, blocks", "86, 16, 32, 0, 16, blocks", "90, 40, 96, 0, 16, registers"
    })
    void rules(int capability, int numRegisters, int numThreads, int sharedBytes, int numBlocks, String bound) {
        DeviceProperties device = capability == 90 ? HOPPER : capability == 80 ? AMPERE : device(capability, 1536, 100);
        Occupancy occupancy = Occupancy.of(device, numRegisters, numThreads, sharedBytes);
        assertEquals(numBlocks + " " + bound, occupancy.numBlocks() + " " + occupancy.bound());
        assertEquals(numBlocks * Math.ceilDiv(numThreads, 32), occupancy.numWarps());
    }

    /** A kernel as launchers launch it. */
    private record Launched(String entry, int numThreads, int dynamicSharedBytes) implements Comparable<Launched> {
        @Override
        public int compareTo(Launched other) {
            int byEntry = entry.compareTo(other.entry);
            return byEntry != 0 ? byEntry : Integer.compare(numThreads, other.numThreads);
        }
    }

    private static TreeSet<Launched> launched() {
        FakeDevice device = new FakeDevice();
        TreeSet<Launched> all = new TreeSet<>();
        device.stream.launched = () -> {
            LaunchShape shape = device.stream.shape;
            all.add(new Launched(device.stream.kernel.name(), shape.blockX() * shape.blockY() * shape.blockZ(),
                    shape.dynamicSharedBytes()));
        };
        for (BiConsumer<Stream, Integer> launch : EveryLaunch.all(device)) {
            for (int rows : EveryLaunch.ROWS) {
                launch.accept(device.stream, rows);
            }
        }
        return all;
    }

    private static Map<String, PtxCompilation.Entry> compiled(PtxSet set, String architecture) {
        Map<String, PtxCompilation.Entry> all = new TreeMap<>();
        for (String operation : Ptx.operations(set)) {
            Compiled.module(operation, set, architecture).entries().forEach(entry -> all.put(entry.name(), entry));
        }
        return all;
    }

    private static Occupancy occupancy(DeviceProperties device, PtxCompilation.Entry entry, Launched launched) {
        int sharedBytes = entry.staticSharedBytes() + launched.dynamicSharedBytes;
        Occupancy occupancy = Occupancy.of(device, entry.numRegisters(), launched.numThreads, sharedBytes);
        assertTrue(occupancy.numBlocks() >= 1, launched + " does not fit on " + device.computeCapability());
        return occupancy;
    }

    private static String cells(DeviceProperties device, PtxCompilation.Entry entry, Launched launched) {
        Occupancy occupancy = occupancy(device, entry, launched);
        return entry.numRegisters() + " | " + occupancy.numBlocks() + " | " + occupancy.numWarps() + " | "
                + occupancy.bound() + " |";
    }

    private static String row(PtxCompilation.Entry entry, Launched launched) {
        return String.format(Locale.ROOT, "| `%s` | %d | %,d + %,d | ", launched.entry, launched.numThreads,
                entry.staticSharedBytes(), launched.dynamicSharedBytes);
    }

    /** All of both sets: a kernel that nobody launches, and one that the page lacks, are named. */
    @Test
    void thePageHasTheTable() throws IOException {
        Map<String, PtxCompilation.Entry> tiled = compiled(PtxSet.HOPPER, "sm_90a");
        Map<String, PtxCompilation.Entry> portable = compiled(PtxSet.PORTABLE, "sm_90");
        Map<String, PtxCompilation.Entry> onAmpere = compiled(PtxSet.PORTABLE, "sm_80");
        Map<String, PtxCompilation.Entry> onAda = compiled(PtxSet.PORTABLE, "sm_89");
        TreeSet<String> missing = new TreeSet<>(tiled.keySet());
        missing.addAll(portable.keySet());
        List<String> lines = new ArrayList<>();
        for (Launched each : launched()) {
            missing.remove(each.entry);
            if (tiled.containsKey(each.entry)) {
                lines.add(row(tiled.get(each.entry), each) + cells(HOPPER, tiled.get(each.entry), each));
            } else {
                occupancy(ADA, onAda.get(each.entry), each);
                lines.add(row(portable.get(each.entry), each) + cells(HOPPER, portable.get(each.entry), each) + " "
                        + cells(AMPERE, onAmpere.get(each.entry), each));
            }
        }
        assertEquals(new TreeSet<>(), missing, "kernels that EveryLaunch does not launch");
        List<String> page = Files.readAllLines(PAGE).stream().filter(line -> line.startsWith("| `")).toList();
        List<String> stale = new ArrayList<>(page);
        stale.removeAll(lines);
        lines.removeAll(page);
        assertTrue(lines.isEmpty() && stale.isEmpty(), () -> "docs/kernels/occupancy.md lacks\n"
                + String.join("\n", lines) + "\nand has what is not so (any more)\n" + String.join("\n", stale));
    }

    /** Grids of blocks that stay are as large as the device holds, with the registers that there really are. */
    @Test
    void launchersCountOnWhatFits() {
        Map<String, PtxCompilation.Entry> tiled = compiled(PtxSet.HOPPER, "sm_90a");
        Map<String, PtxCompilation.Entry> portable = compiled(PtxSet.PORTABLE, "sm_90");
        int numChecked = 0;
        for (Launched each : launched()) {
            for (TiledBlock block : TiledBlock.values()) {
                if (each.entry.contains("_" + block.suffix() + "_")) {
                    assertEquals(block.blocksPerMultiprocessor(),
                            occupancy(HOPPER, tiled.get(each.entry), each).numBlocks(), each.entry);
                    numChecked++;
                }
            }
            for (AttentionVariant variant : AttentionVariant.values()) {
                for (AttentionVariant.Kernel kernel : List.of(variant.decode(), variant.prefill())) {
                    if (kernel.name().equals(each.entry)) {
                        var entries = variant.set() == PtxSet.HOPPER ? tiled : portable;
                        assertEquals(kernel.numBlocks(HOPPER),
                                occupancy(HOPPER, entries.get(each.entry), each).numBlocks(), each.entry);
                        numChecked++;
                    }
                }
            }
        }
        assertEquals(2 * 5 + 3 + 4, numChecked, "kernels with blocks that stay");
    }
}
