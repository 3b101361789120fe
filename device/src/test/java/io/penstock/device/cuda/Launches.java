package io.penstock.device.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceModule;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** A stream, and two kernels to launch on it. */
record Launches(Stream stream, Kernel copy, Kernel nothing) {
    static Launches on(Device device) {
        DeviceModule module = device.loadModule("copy", PtxTexts.COPY);
        return new Launches(device.createStream("main"), module.kernel("copy"), module.kernel("nothing"));
    }

    void launchCopy() {
        stream.launch(copy, LaunchShape.ofThreads(32), new KernelArgs(copy.signature()).setPointer(0, 1)
                .setPointer(1, 2).setFloat(2, 3).setInt(3, 4));
    }

    void launchNothing() {
        stream.launch(nothing, LaunchShape.ofThreads(32), new KernelArgs(nothing.signature()));
    }
}
