package io.penstock.bench.simulate;

import io.penstock.runtime.InputException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What bounds a step on a device. Measured are the H200's copy bandwidth, and its large GEMMs and the H100's; the rest
 * is the vendor's: bandwidth of which copies reach about nine tenths, dense bfloat16 with fp32 accumulation.
 *
 * @param bytesPerSecond of device memory
 * @param flopsPerSecond bfloat16, a multiply-add counts two
 * @param busBytesPerSecond between device and host, one direction
 * @param memoryBytes as the driver counts it
 */
public record DeviceSpec(
        String name, double bytesPerSecond, double flopsPerSecond, double busBytesPerSecond, long memoryBytes) {
    private static final double PCIE_4 = 25e9;
    private static final double PCIE_5 = 55e9;
    private static final Map<String, DeviceSpec> DEVICES = devices();

    private static Map<String, DeviceSpec> devices() {
        var devices = new LinkedHashMap<String, DeviceSpec>();
        for (DeviceSpec device : List.of(
                new DeviceSpec("h200", 4.3e12, 790e12, PCIE_5, 143_771L << 20),
                new DeviceSpec("h100", 3.35e12, 798e12, PCIE_5, 81_559L << 20),
                new DeviceSpec("a100-40", 1.555e12, 312e12, PCIE_4, 40_960L << 20),
                new DeviceSpec("a100-80", 2.039e12, 312e12, PCIE_4, 81_920L << 20),
                new DeviceSpec("l40s", 0.864e12, 362e12, PCIE_4, 46_068L << 20),
                new DeviceSpec("rtx4090", 1.008e12, 165.2e12, PCIE_4, 24_564L << 20))) {
            devices.put(device.name(), device);
        }
        return devices;
    }

    /** A known device by its name; an unknown one is refused with the known ones. */
    public static DeviceSpec named(String name) {
        DeviceSpec device = DEVICES.get(name.toLowerCase(Locale.ROOT));
        if (device == null) {
            throw new InputException("unknown device '" + name + "': known are "
                    + String.join(", ", DEVICES.keySet()));
        }
        return device;
    }
}
