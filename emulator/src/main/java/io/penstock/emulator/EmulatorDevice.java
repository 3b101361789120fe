package io.penstock.emulator;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.DeviceProperties;
import io.penstock.device.Event;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.emulator.check.Fault;
import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.check.LaunchCounters;
import io.penstock.emulator.check.Place;
import io.penstock.emulator.exec.LaunchResult;
import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Footprint;
import io.penstock.emulator.memory.StreamLog.Conflict;
import io.penstock.emulator.ptx.PtxException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A device that executes PTX on the CPU, and checks and counts what it does. Whoever makes it closes it. */
public final class EmulatorDevice implements Device {
    private static final Pattern TARGET = Pattern.compile("sm_(\\d+)([af]?)");
    private static final DeviceProperties.Cores CORES_80 =
            new DeviceProperties.Cores(108, 1_410_000, 2048, 65_536, 164 << 10, 163 << 10);
    private static final DeviceProperties.Cores CORES_90 =
            new DeviceProperties.Cores(132, 1_980_000, 2048, 65_536, 228 << 10, 227 << 10);

    private final EmulatorOptions options;
    private final StreamOrder order;
    private final AddressSpace space = new AddressSpace();
    private final List<Fault> faults = new ArrayList<>();
    private final Map<String, LaunchCounters> counters = new LinkedHashMap<>();
    private final List<EmulatorPinnedMemory> pinned = new CopyOnWriteArrayList<>();
    private long numLaunches;
    private boolean isClosed;
    private String lostTo;

    public EmulatorDevice(EmulatorOptions options) {
        this.options = options;
        order = options.checksStreams() ? new StreamOrder() : null;
    }

    @Override
    public DeviceProperties properties() {
        boolean isHopper = options.computeCapability() == 90;
        return new DeviceProperties("Penstock emulator", "PTX on the CPU", options.computeCapability(),
                isHopper ? CORES_90 : CORES_80,
                isHopper ? new DeviceProperties.Memory(options.memoryBytes(), 50L << 20, 5120, 2_619_000)
                        : new DeviceProperties.Memory(options.memoryBytes(), 40L << 20, 5120, 1_215_000));
    }

    @Override
    public long freeBytes() {
        return Math.max(0, options.memoryBytes() - space.usedBytes());
    }

    @Override
    public DeviceMemory allocate(String name, long sizeBytes) {
        requireUsable("allocating " + name);
        if (sizeBytes < 1) {
            throw new IllegalArgumentException(name + ": " + sizeBytes + " bytes");
        }
        if (sizeBytes > freeBytes() || sizeBytes > AddressSpace.MAX_BYTES) {
            throw new DeviceException("cuMemAlloc", 2, "CUDA_ERROR_OUT_OF_MEMORY", "allocating " + sizeBytes
                    + " bytes for " + name + ", of " + freeBytes() + " free (at most " + AddressSpace.MAX_BYTES
                    + " at once)");
        }
        return new EmulatorMemory(space, space.allocate(name, sizeBytes));
    }

    @Override
    public PinnedMemory allocatePinned(String name, long sizeBytes) {
        requireUsable("allocating " + name);
        EmulatorPinnedMemory memory = new EmulatorPinnedMemory(name, sizeBytes, pinned);
        pinned.add(memory);
        return memory;
    }

    @Override
    public Stream createStream(String name, Stream.Serialization serialization) {
        requireUsable("creating the stream " + name);
        if (serialization == Stream.Serialization.PROGRAMMATIC && !programmaticProblem().isEmpty()) {
            throw new IllegalStateException("stream " + name + ": " + programmaticProblem());
        }
        return new EmulatorStream(this, name, serialization, order);
    }

    @Override
    public String programmaticProblem() {
        int own = options.computeCapability();
        return own >= 90 ? "" : "programmatic dependent launches need compute capability 9.0, and the emulator has "
                + own / 10 + "." + own % 10;
    }

    @Override
    public Event createEvent() {
        requireUsable("creating an event");
        return new EmulatorEvent(order);
    }

    @Override
    public DeviceModule loadModule(String name, String ptx) {
        requireUsable("loading the module " + name);
        try {
            return new EmulatorModule(this, name, ptx, space);
        } catch (PtxException e) {
            throw rejected(name, "", e);
        }
    }

    /** Refuses PTX that was made for a later architecture, or for another one alone. */
    void requireTarget(String module, String target) {
        Matcher matcher = TARGET.matcher(target);
        int own = options.computeCapability();
        if (matcher.matches() && (Integer.parseInt(matcher.group(1)) > own
                || !matcher.group(2).isEmpty() && Integer.parseInt(matcher.group(1)) != own)) {
            throw new DeviceException("cuModuleLoadDataEx", 209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "loading " + module
                    + ", which is for " + target + ", on a device of compute capability " + own / 10 + "." + own % 10);
        }
    }

    /** Notes PTX that cannot be executed, and says so. */
    DeviceException rejected(String module, String kernel, PtxException cause) {
        if (cause.isUnsupported()) {
            synchronized (this) {
                faults.add(new Fault(FaultKind.UNSUPPORTED, cause.getMessage(),
                        new Place(kernel, cause.line(), 0, 0, 0, 0), 0, "", 0));
            }
        }
        return new DeviceException("cuModuleLoadDataEx", 218, "CUDA_ERROR_INVALID_PTX",
                "loading " + module + ": " + cause.getMessage());
    }

    @Override
    public void synchronize() {
        requireUsable("synchronizing");
        if (order != null) {
            order.hostKnowsAll();
        }
    }

    /** All faults so far, in the order in which they happened. */
    public synchronized List<Fault> faults() {
        return List.copyOf(faults);
    }

    /** Forgets the faults so far. */
    public synchronized void clearFaults() {
        faults.clear();
    }

    /** What all launches did together since the last {@link #clearCounters}. */
    public synchronized LaunchCounters counters() {
        LaunchCounters sum = new LaunchCounters();
        counters.values().forEach(sum::add);
        return sum;
    }

    /** What the launches of an entry did together since the last {@link #clearCounters}. */
    public synchronized LaunchCounters counters(String kernel) {
        LaunchCounters sum = new LaunchCounters();
        if (counters.containsKey(kernel)) {
            sum.add(counters.get(kernel));
        }
        return sum;
    }

    /** Kernels launched so far. */
    public synchronized long numLaunches() {
        return numLaunches;
    }

    public synchronized void clearCounters() {
        counters.clear();
    }

    AddressSpace space() {
        return space;
    }

    boolean isPinned(long address, long sizeBytes) {
        for (EmulatorPinnedMemory memory : pinned) {
            if (memory.contains(address, sizeBytes)) {
                return true;
            }
        }
        return false;
    }

    /** The allocation of a memory of this device. */
    Allocation allocation(DeviceMemory memory, long offset, long sizeBytes) {
        if (!(memory instanceof EmulatorMemory own)) {
            throw new IllegalArgumentException(memory.name() + " is not of this device");
        }
        if (offset < 0 || sizeBytes < 0 || offset + sizeBytes > own.sizeBytes()) {
            throw new IllegalArgumentException(memory.name() + ": bytes " + offset + " to " + (offset + sizeBytes)
                    + " of " + own.sizeBytes());
        }
        return own.allocation();
    }

    /**
     * Runs one launch; one at a time.
     *
     * @param tail whose place in the order of streams it has, and who keeps what it does where that is asked for
     * @param inFront what the launch in front did, if this one may begin before that has ended; else null
     */
    synchronized void launch(EmulatorKernel kernel, EmulatorKernel.Prepared launch, Tail tail, Footprint inFront) {
        requireUsable("launching " + kernel.name());
        List<Fault> found = new ArrayList<>();
        StreamOrder.Queue queue = tail.queue;
        Footprint own = tail.lastLaunch;
        if (queue != null) {
            queue.begin(kernel.name());
        }
        LaunchResult result = kernel.emulated().launch(launch.geometry(), launch.arguments(),
                options.seed() + numLaunches++, options.maxFaults(), options.ctas(), inFront, (allocation, log) -> {
                    if (queue != null) {
                        add(found, queue, allocation, log.addTo(allocation.streams(), queue.moment()));
                    }
                    if (own != null) {
                        own.add(allocation, log);
                    }
                });
        counters.computeIfAbsent(kernel.name(), unused -> new LaunchCounters()).add(result.counters());
        found.addAll(0, result.faults());
        report(found, "launching " + kernel.name());
    }

    /** Checks the order of a copy or a fill. */
    synchronized void check(
            StreamOrder.Queue queue, Allocation allocation, int offset, int sizeBytes, boolean isRead) {
        List<Fault> found = new ArrayList<>();
        add(found, queue, allocation, isRead ? allocation.streams().read(queue.moment(), offset, sizeBytes)
                : allocation.streams().write(queue.moment(), offset, sizeBytes));
        report(found, "copying");
    }

    private static void add(
            List<Fault> found, StreamOrder.Queue queue, Allocation allocation, Conflict conflict) {
        if (conflict != null) {
            found.add(queue.fault(allocation, conflict));
        }
    }

    private void report(List<Fault> found, String context) {
        faults.addAll(found);
        if (!found.isEmpty() && options.failsOnFault()) {
            lostTo = found.getFirst().toString();
            requireUsable(context);
        }
    }

    synchronized void requireUsable(String context) {
        if (isClosed) {
            throw new IllegalStateException(context + ": the device is closed");
        }
        if (lostTo != null) {
            throw new DeviceException("cuLaunchKernel", 719, "CUDA_ERROR_LAUNCH_FAILED", context + ": " + lostTo);
        }
    }

    @Override
    public void close() {
        for (EmulatorPinnedMemory memory : List.copyOf(pinned)) {
            memory.close();
        }
        synchronized (this) {
            isClosed = true;
            space.freeAll();
        }
    }
}
