package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.DeviceProperties;
import io.penstock.device.Event;
import io.penstock.device.Kernel;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A device, or a share of its multiprocessors, that loads a module once for all who ask for it: kernels are launched on
 * a share by launchers that know of no more multiprocessors. Owns no device; lends what is loaded until the last one
 * gives it back.
 */
final class LendingDevice implements Device {
    private final Device device;
    private final DeviceProperties properties;
    private final Map<Key, Lent> modules;

    /** Different modules of an operation have one name. */
    private record Key(String name, String ptx) {}

    LendingDevice(Device device) {
        this(device, device.properties(), new HashMap<>());
    }

    private LendingDevice(Device device, DeviceProperties properties, Map<Key, Lent> modules) {
        this.device = device;
        this.properties = properties;
        this.modules = modules;
    }

    /** A device like this with one of so many equal shares of the multiprocessors, and the same modules. */
    LendingDevice share(int numShares) {
        DeviceProperties.Cores cores = properties.cores();
        var fewer = new DeviceProperties.Cores(Math.max(1, cores.numMultiprocessors() / numShares), cores.clockKhz(),
                cores.maxThreads(), cores.numRegisters(), cores.sharedBytes(), cores.blockSharedBytes());
        return new LendingDevice(device, new DeviceProperties(properties.name(), properties.driver(),
                properties.computeCapability(), fewer, properties.memory()), modules);
    }

    @Override
    public DeviceModule loadModule(String name, String ptx) {
        synchronized (modules) {
            var key = new Key(name, ptx);
            Lent lent = modules.get(key);
            if (lent == null) {
                lent = new Lent(modules, key, device.loadModule(name, ptx));
                modules.put(key, lent);
            }
            lent.numBorrowers++;
            return new Borrowed(lent);
        }
    }

    private static final class Lent {
        private final Map<Key, Lent> modules;
        private final Key key;
        private final DeviceModule module;
        private int numBorrowers;

        Lent(Map<Key, Lent> modules, Key key, DeviceModule module) {
            this.modules = modules;
            this.key = key;
            this.module = module;
        }

        void giveBack() {
            synchronized (modules) {
                numBorrowers--;
                if (numBorrowers == 0) {
                    modules.remove(key);
                    module.close();
                }
            }
        }
    }

    private record Borrowed(Lent lent) implements DeviceModule {
        @Override
        public String name() {
            return lent.module.name();
        }

        @Override
        public Kernel kernel(String entry) {
            return lent.module.kernel(entry);
        }

        @Override
        public List<String> notes() {
            return lent.module.notes();
        }

        @Override
        public void close() {
            lent.giveBack();
        }
    }

    @Override
    public DeviceProperties properties() {
        return properties;
    }

    @Override
    public long freeBytes() {
        return device.freeBytes();
    }

    @Override
    public DeviceMemory allocate(String name, long sizeBytes) {
        return device.allocate(name, sizeBytes);
    }

    @Override
    public PinnedMemory allocatePinned(String name, long sizeBytes) {
        return device.allocatePinned(name, sizeBytes);
    }

    @Override
    public Stream createStream(String name, Stream.Serialization serialization) {
        return device.createStream(name, serialization);
    }

    @Override
    public String programmaticProblem() {
        return device.programmaticProblem();
    }

    @Override
    public Event createEvent() {
        return device.createEvent();
    }

    @Override
    public void synchronize() {
        device.synchronize();
    }

    /** Closes nothing: the device is another's. */
    @Override
    public void close() {}
}
