package io.penstock.batch.spark;

import org.apache.spark.SparkEnv;

/** How many cores Spark gave this executor. */
final class ExecutorCores {
    private ExecutorCores() {}

    /** All of the machine's where there is no executor of its own, as in local mode. */
    static int number() {
        int machine = Runtime.getRuntime().availableProcessors();
        SparkEnv env = SparkEnv.get();
        return env == null ? machine : Math.min(machine, env.conf().getInt("spark.executor.cores", machine));
    }
}
