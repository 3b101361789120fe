package io.penstock.device;

/** What looking for a device found. */
public sealed interface DeviceProbe {
    /** A device that can be opened. */
    record Available(DeviceProperties properties) implements DeviceProbe {}

    /**
     * None that can be used.
     *
     * @param message one line for the user: what is missing and what to do
     */
    record Unavailable(Reason reason, String message) implements DeviceProbe {}

    /** Why a device cannot be used. */
    enum Reason {
        JAVA_TOO_OLD,
        NO_NATIVE_LIBRARY,
        NO_DRIVER,
        DRIVER_TOO_OLD,
        NO_DEVICE,
        WRONG_ARCHITECTURE,
        TOO_LITTLE_MEMORY,
        FAILED
    }
}
