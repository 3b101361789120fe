package io.penstock.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import io.penstock.bench.machine.MachineInfo;
import io.penstock.device.DeviceProbe;
import io.penstock.device.DeviceProperties;
import io.penstock.device.cuda.CudaDevices;
import io.penstock.runtime.InputException;
import io.penstock.runtime.checkpoint.CheckpointVerification;
import io.penstock.runtime.cpu.CpuKernels;
import io.penstock.runtime.hub.HubCache;
import io.penstock.runtime.plan.MemorySize;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "doctor",
        abbreviateSynopsis = true,
        description = "Looks at Java, the machine, a checkpoint and the hub cache; says what is wrong and what to do."
                + " Reads every weight of the checkpoint.",
        footer = {
            "%nExamples:",
            "  penstock doctor",
            "  penstock doctor --model LiquidAI/LFM2.5-8B-A1B",
        })
final class DoctorCommand implements Callable<Integer> {
    private static final Set<String> FEATURES = Set.of("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw",
            "avx512_bf16", "avx512_vnni", "amx_bf16", "asimd", "sve", "bf16");
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");
    private static final Path NVIDIA_DRIVER = Path.of("/proc/driver/nvidia/version");

    @Mixin
    private ModelOptions model;

    private final List<String> problems = new ArrayList<>();

    @Override
    public Integer call() {
        java();
        cpu();
        memory();
        gpu();
        hub();
        checkpoint();
        System.out.println();
        if (problems.isEmpty()) {
            System.out.println("Nothing is wrong.");
            return 0;
        }
        System.out.println(problems.size() == 1 ? "1 problem:" : problems.size() + " problems:");
        problems.forEach(problem -> System.out.println("  " + problem));
        System.err.println("penstock: " + (problems.size() == 1 ? problems.getFirst()
                : problems.size() + " problems, the first: " + problems.getFirst()));
        return 1;
    }

    private static void line(String what, String found) {
        System.out.println(String.format(Locale.ROOT, "%-12s %s", what, found));
    }

    private void java() {
        Runtime.Version version = Runtime.version();
        line("program", Penstock.version());
        line("java", version + ", " + System.getProperty("java.vm.name") + ", in " + System.getProperty("java.home"));
        boolean isRecent = version.feature() > 25
                || version.feature() == 25 && (version.interim() > 0 || version.update() >= 3);
        if (!isRecent) {
            problems.add("Java " + version + " corrupts arrays that native code has pinned (JDK-8377811): install a JDK"
                    + " 25.0.3 or newer, or set PENSTOCK_JAVA_HOME to one");
        }
    }

    private void cpu() {
        MachineInfo machine = MachineInfo.ofThisMachine();
        line("cpu", machine.cpuModel() + ", " + machine.numCores() + " cores, " + machine.numUsableCpus()
                + " CPUs for this process");
        line("features", features());
        boolean hasModule = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        CpuKernels kernels = CpuKernels.select();
        String forced = System.getProperty(CpuKernels.PROPERTY);
        String why = forced != null ? CpuKernels.PROPERTY + "=" + forced
                : !hasModule ? "the JVM runs without --add-modules jdk.incubator.vector"
                : vectorBits() + "-bit vectors";
        line("kernels", kernels.name() + " (" + why + ")");
        if (!hasModule) {
            problems.add("the scalar CPU kernels are slow: start by ./penstock, which adds the vector module");
        }
    }

    private static String vectorBits() {
        var jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (jvm == null) {
            return "unknown";
        }
        return Integer.toString(8 * Integer.parseInt(jvm.getVMOption("MaxVectorSize").getValue()));
    }

    private static String features() {
        try {
            for (String text : Files.readAllLines(CPUINFO)) {
                if (text.startsWith("flags") || text.startsWith("Features")) {
                    String[] all = text.substring(text.indexOf(':') + 1).strip().split("\\s+");
                    Set<String> found = new TreeSet<>(List.of(all));
                    found.retainAll(FEATURES);
                    return found.isEmpty() ? "none that matters" : String.join(" ", found);
                }
            }
        } catch (IOException e) {
            return "unknown (" + CPUINFO + " cannot be read)";
        }
        return "unknown";
    }

    private void memory() {
        long heap = Runtime.getRuntime().maxMemory();
        var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        String machine = system == null ? "" : MemorySize.show(system.getTotalMemorySize()) + ", "
                + MemorySize.show(system.getFreeMemorySize()) + " free; ";
        line("memory", machine + "Java heap up to " + MemorySize.show(heap));
    }

    private void gpu() {
        driver();
        int numGpus = 0;
        DeviceProbe probe = CudaDevices.probe(0, weightBytes());
        while (probe instanceof DeviceProbe.Available found) {
            line("gpu", gpu(numGpus, found.properties()));
            numGpus++;
            probe = CudaDevices.probe(numGpus, weightBytes());
        }
        if (probe instanceof DeviceProbe.Unavailable none
                && (numGpus == 0 || none.reason() != DeviceProbe.Reason.NO_DEVICE)) {
            line("gpu", (numGpus == 0 ? "none, the CPU is used: " : "not used: ") + none.message());
            if (isToBeRepaired(none.reason())) {
                problems.add(none.message());
            }
        }
    }

    /** A machine with no GPU, or not one for this model, is as it should be; that Java is too old is told above. */
    private static boolean isToBeRepaired(DeviceProbe.Reason reason) {
        return switch (reason) {
            case NO_DRIVER, NO_DEVICE, WRONG_ARCHITECTURE, TOO_LITTLE_MEMORY, JAVA_TOO_OLD -> false;
            case NO_NATIVE_LIBRARY, DRIVER_TOO_OLD, FAILED -> true;
        };
    }

    private static String gpu(int ordinal, DeviceProperties gpu) {
        return String.format(Locale.ROOT, "%d: %s, compute capability %.1f, %d multiprocessors, %s, %s", ordinal,
                gpu.name(), gpu.computeCapability() / 10.0, gpu.cores().numMultiprocessors(),
                MemorySize.show(gpu.memory().totalBytes()), gpu.driver());
    }

    /** What the model's weights take on a GPU; 0 if there is no such model, which is told below. */
    private long weightBytes() {
        try {
            return model.resolve().config().parameters() * Short.BYTES;
        } catch (InputException e) {
            return 0;
        }
    }

    private static void driver() {
        if (Files.exists(NVIDIA_DRIVER)) {
            try {
                line("driver", Files.readAllLines(NVIDIA_DRIVER).getFirst());
            } catch (IOException e) {
                line("driver", "unknown (" + NVIDIA_DRIVER + " cannot be read)");
            }
        }
    }

    private void hub() {
        try {
            Path cache = HubCache.of(System.getenv()).directory();
            line("hub cache", cache + (Files.isDirectory(cache) ? "" : " (not there yet; penstock pull makes it)"));
            Path existing = cache;
            while (existing.getParent() != null && !Files.exists(existing)) {
                existing = existing.getParent();
            }
            if (!Files.isWritable(existing)) {
                problems.add("the hub cache " + cache + " cannot be written: set HF_HUB_CACHE to a folder of yours");
            }
        } catch (InputException e) {
            line("hub cache", "unusable");
            problems.add(e.getMessage());
        }
    }

    private void checkpoint() {
        List<String> found = new ArrayList<>();
        ModelSource source = null;
        try {
            source = model.resolve();
        } catch (InputException e) {
            found.add(e.getMessage());
        }
        if (source != null) {
            line("model", source.name() + ", " + String.format(Locale.ROOT, "%,d", source.config().parameters())
                    + " parameters, in " + source.directory());
            if (!source.isDummy()) {
                found.addAll(CheckpointVerification.problems(source.directory()));
            }
            check(found, source::tokenizer);
            check(found, source::generationConfig);
            ModelSource opened = source;
            check(found, () -> new RequestEncoder(opened, null).requireTemplate());
        }
        line("checkpoint", found.isEmpty() ? "sound: every tensor is there and every weight is finite"
                : found.size() + (found.size() == 1 ? " problem" : " problems"));
        problems.addAll(found);
    }

    private static void check(List<String> found, Runnable reading) {
        try {
            reading.run();
        } catch (InputException e) {
            found.add(e.getMessage());
        }
    }
}
