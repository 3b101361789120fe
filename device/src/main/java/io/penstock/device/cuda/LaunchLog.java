package io.penstock.device.cuda;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The launches of a stream that are not known to be done. A GPU says that work failed, never which: what it had under
 * way is all that can be named. What is done on one stream was waited for on others: that is done too. Hot: notes a
 * reference a launch or wait; a failure turns them into text.
 */
final class LaunchLog {
    /** More than two steps of a model have. */
    private static final int KEPT = 1024;

    /** Kernels, graphs, and the logs of streams that were waited for. */
    private final Object[] launches = new Object[KEPT];
    private final long[] waitedFor = new long[KEPT];
    private long numLaunched;
    private long numDone;

    /** Notes a launch of a {@link CudaKernel} or a {@link CudaGraph}. */
    void add(Object launch) {
        launches[(int) (numLaunched++ % KEPT)] = launch;
    }

    /** Notes that what is launched from here on waits for another stream's launches up to a position. */
    void addWait(LaunchLog other, long position) {
        waitedFor[(int) (numLaunched % KEPT)] = position;
        launches[(int) (numLaunched++ % KEPT)] = other;
    }

    /** Launches and waits so far. */
    long position() {
        return numLaunched;
    }

    /** Notes that the launches up to a position are done, and what they waited for. */
    void done(long position) {
        long first = Math.max(numDone, numLaunched - KEPT);
        numDone = Math.max(numDone, position);
        for (long i = first; i < position; i++) {
            if (launches[(int) (i % KEPT)] instanceof LaunchLog other) {
                other.done(waitedFor[(int) (i % KEPT)]);
            }
        }
    }

    /** Adds the kernels under way and how often each was launched, in the order of their first launches. */
    void addUnderWay(Map<String, Integer> kernels) {
        for (long i = Math.max(numDone, numLaunched - KEPT); i < numLaunched; i++) {
            switch (launches[(int) (i % KEPT)]) {
                case CudaKernel kernel -> kernels.merge(kernel.name(), 1, Integer::sum);
                case LaunchLog _ -> { }
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
