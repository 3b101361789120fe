package io.penstock.device.cuda;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The launches of a stream that are not known to be done. A GPU says that work failed, never which: what it had under
 * way is all that can be named. Hot: notes a reference a launch; a failure turns them into text.
 */
final class LaunchLog {
    /** More than two steps of a model have. */
    private static final int KEPT = 1024;

    private final Object[] launches = new Object[KEPT];
    private long numLaunched;
    private long numDone;

    /** Notes a launch of a {@link CudaKernel} or a {@link CudaGraph}. */
    void add(Object launch) {
        launches[(int) (numLaunched++ % KEPT)] = launch;
    }

    /** Launches so far. */
    long position() {
        return numLaunched;
    }

    /** Notes that the launches up to a position are done. */
    void done(long position) {
        numDone = Math.max(numDone, position);
    }

    /** Adds the kernels under way and how often each was launched, in the order of their first launches. */
    void addUnderWay(Map<String, Integer> kernels) {
        for (long i = Math.max(numDone, numLaunched - KEPT); i < numLaunched; i++) {
            switch (launches[(int) (i % KEPT)]) {
                case CudaKernel kernel -> kernels.merge(kernel.name(), 1, Integer::sum);
                case CudaGraph graph -> graph.kernels().forEach(name -> kernels.merge(name, 1, Integer::sum));
                default -> throw new IllegalStateException("neither a kernel nor a graph was launched");
            }
        }
    }

    /** Kernels with their numbers of launches, as text. */
    static List<String> texts(Map<String, Integer> kernels) {
        return new LinkedHashMap<>(kernels).entrySet().stream()
                .map(each -> each.getValue() == 1 ? each.getKey() : each.getKey() + " x" + each.getValue()).toList();
    }
}
