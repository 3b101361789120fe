package io.penstock.kernels;

import io.penstock.device.DeviceProperties;

/** The sets of checked-in PTX: which devices run it. */
enum PtxSet {
    /** For compute capability 8.0 and everything later: every operation. */
    PORTABLE("sm_80"),
    /** For 9.0 alone: those operations that have faster kernels there. */
    HOPPER("sm_90a");

    private static final int HOPPER_CAPABILITY = 90;

    private final String target;

    PtxSet(String target) {
        this.target = target;
    }

    /** The set with a device's fastest kernels. */
    static PtxSet of(DeviceProperties device) {
        return device.computeCapability() == HOPPER_CAPABILITY ? HOPPER : PORTABLE;
    }

    /** The architecture that the PTX names, which is also its directory. */
    String target() {
        return target;
    }
}
