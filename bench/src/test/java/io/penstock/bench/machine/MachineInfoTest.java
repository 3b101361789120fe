package io.penstock.bench.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineInfoTest {
    @TempDir
    private Path root;

    @Test
    void countsCoresOfAllSocketsAndEachSharedCacheOnce() throws IOException {
        StringBuilder cpuinfo = new StringBuilder();
        for (int cpu = 0; cpu < 8; cpu++) {
            cpuinfo.append("processor\t: ").append(cpu).append("\nmodel name\t: Fast CPU @ 3.0: GHz\nphysical id\t: ")
                    .append(cpu / 4).append("\ncore id\t\t: ").append(cpu % 4 / 2).append("\n\n");
            cache(cpu, 0, 1, "Data", "48K", cpu / 2 * 2 + "-" + (cpu / 2 * 2 + 1));
            cache(cpu, 1, 1, "Instruction", "32K", cpu / 2 * 2 + "-" + (cpu / 2 * 2 + 1));
            cache(cpu, 3, 3, "Unified", "32768K", cpu < 4 ? "0-3" : "4-7");
        }
        Files.writeString(root.resolve("cpuinfo"), cpuinfo);
        MachineInfo machine = MachineInfo.read(root.resolve("cpuinfo"), root, 6);
        assertEquals(new MachineInfo("Fast CPU @ 3.0: GHz", 4, 8, 6, 64L << 20), machine);
        assertEquals("Fast CPU @ 3.0: GHz, 4 cores, 8 threads, 6 usable", machine.device());
    }

    @Test
    void takesCpusForCoresWhereTheyAreNotTold() throws IOException {
        Files.writeString(root.resolve("cpuinfo"), "processor\t: 0\nBogoMIPS\t: 50.00\n\nprocessor\t: 1\n");
        MachineInfo machine = MachineInfo.read(root.resolve("cpuinfo"), root.resolve("absent"), 2);
        assertEquals(System.getProperty("os.arch") + ", 2 cores", machine.device());
        assertEquals(0, machine.lastLevelCacheBytes());
    }

    @Test
    void doesWithoutProcAndSys() {
        MachineInfo machine = MachineInfo.read(root.resolve("absent"), root.resolve("absent"), 1);
        assertEquals(System.getProperty("os.arch") + ", 1 core", machine.device());
    }

    @Test
    void describesThisMachine() {
        MachineInfo machine = MachineInfo.ofThisMachine();
        assertFalse(machine.cpuModel().isBlank());
        assertTrue(machine.numCores() >= 1 && machine.numCores() <= machine.numCpus(), machine.toString());
        assertTrue(machine.numUsableCpus() <= machine.numCpus(), machine.toString());
    }

    private void cache(int cpu, int index, int level, String type, String size, String sharers) throws IOException {
        Path directory = Files.createDirectories(root.resolve("cpu" + cpu + "/cache/index" + index));
        Files.writeString(directory.resolve("level"), level + "\n");
        Files.writeString(directory.resolve("type"), type + "\n");
        Files.writeString(directory.resolve("size"), size + "\n");
        Files.writeString(directory.resolve("shared_cpu_list"), sharers + "\n");
    }
}
