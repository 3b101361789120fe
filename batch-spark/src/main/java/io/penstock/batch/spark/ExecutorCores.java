package io.penstock.batch.spark;

import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/** How many cores Spark gave this executor. */
final class ExecutorCores {
    /** What Spark tells the Python workers of a stage: it alone knows of the stage's resource profile. */
    private static final String OF_STAGE = "resource.executor.cores";

    private ExecutorCores() {}

    /** All of the machine's where there is no executor of its own, as in local mode, or nothing was said. */
    static int of(TaskContext task) {
        int machine = Runtime.getRuntime().availableProcessors();
        String ofStage = task.getLocalProperty(OF_STAGE);
        return Math.min(machine, ofStage != null ? Integer.parseInt(ofStage)
                : SparkEnv.get().conf().getInt("spark.executor.cores", machine));
    }
}
