package io.penstock.bench.loadgen.serve;

import io.penstock.bench.loadgen.run.LoadPlan;

/** Names of cases in the results: workload, lengths, load. */
public final class ServeCase {
    private ServeCase() {}

    /**
     * {@code random-1024-256-c64}, {@code sharegpt-r8}, {@code custom-all}.
     *
     * @param inputLen 0 where requests differ, as is {@code outputLen}
     * @param requestRate infinite for none
     */
    public static String name(String dataset, int inputLen, int outputLen, int maxConcurrency, double requestRate) {
        var name = new StringBuilder(dataset);
        if (inputLen > 0 && outputLen > 0) {
            name.append('-').append(inputLen).append('-').append(outputLen);
        }
        boolean isRated = Double.isFinite(requestRate);
        if (isRated) {
            name.append("-r").append(requestRate == Math.rint(requestRate) ? String.valueOf((long) requestRate)
                    : String.valueOf(requestRate));
        }
        if (maxConcurrency != LoadPlan.UNBOUNDED) {
            name.append("-c").append(maxConcurrency);
        }
        if (!isRated && maxConcurrency == LoadPlan.UNBOUNDED) {
            name.append("-all");
        }
        return name.toString();
    }
}
