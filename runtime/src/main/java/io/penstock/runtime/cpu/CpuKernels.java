package io.penstock.runtime.cpu;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The twin that a run uses, chosen once at start.
 *
 * @param name {@code vector} or {@code scalar}
 */
public record CpuKernels(String name, PanelKernel panel, TileKernel tile, RowKernel row) {
    private static final Logger LOG = LoggerFactory.getLogger(CpuKernels.class);

    /** System property that chooses the twin: {@code auto}, {@code vector} or {@code scalar}. */
    public static final String PROPERTY = "penstock.cpu.kernels";

    static CpuKernels scalar() {
        return new CpuKernels("scalar", new ScalarPanelKernel(), new ScalarTileKernel(), new ScalarRowKernel());
    }

    static CpuKernels vector() {
        return new CpuKernels("vector", new VectorPanelKernel(), new VectorTileKernel(), new VectorRowKernel());
    }

    /** The faster twin that this machine and JVM can run, or the one that {@link #PROPERTY} names; logs the reason. */
    public static CpuKernels select() {
        String wanted = System.getProperty(PROPERTY, "auto");
        boolean hasModule = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        boolean isVector = switch (wanted) {
            case "scalar" -> false;
            case "vector" -> true;
            default -> hasModule && VectorShapes.FLOATS.length() >= 4;
        };
        CpuKernels kernels = isVector ? vector() : scalar();
        LOG.info("CPU kernels: {} ({})", kernels.name, reason(wanted, hasModule));
        return kernels;
    }

    private static String reason(String wanted, boolean hasModule) {
        if (!wanted.equals("auto")) {
            return PROPERTY + "=" + wanted;
        }
        return hasModule ? VectorShapes.FLOATS.length() + " float lanes" : "no --add-modules jdk.incubator.vector";
    }
}
