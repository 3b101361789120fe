package io.penstock.device.cuda;

/**
 * The functions of NVIDIA's management library that this package calls, one to one. Each gives 0, or an error of the
 * library; addresses are of memory that takes the result.
 */
interface Nvml {
    int nvmlInit();

    int nvmlShutdown();

    /** @param device takes a handle, a word */
    int nvmlDeviceGetHandleByIndex(int index, long device);

    /** @param name takes a text that ends in a zero byte */
    int nvmlDeviceGetName(long device, long name, int length);

    /** @param version takes a text that ends in a zero byte */
    int nvmlSystemGetDriverVersion(long version, int length);

    /** @param millijoules takes 64 bits: since the driver was loaded */
    int nvmlDeviceGetTotalEnergyConsumption(long device, long millijoules);

    /** @param milliwatts takes 32 bits */
    int nvmlDeviceGetPowerUsage(long device, long milliwatts);

    /** @param rates takes twice 32 bits: per cent of the last sample in which a kernel ran, and memory was used */
    int nvmlDeviceGetUtilizationRates(long device, long rates);
}
