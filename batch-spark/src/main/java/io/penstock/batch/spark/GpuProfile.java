package io.penstock.batch.spark;

import io.penstock.runtime.InputException;
import org.apache.spark.resource.ExecutorResourceRequests;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/** What executors and tasks need of a cluster with GPUs: one GPU an executor, and tasks that share it. */
public final class GpuProfile {
    /** The name of the resource in Spark's settings. */
    public static final String RESOURCE = "gpu";

    private static final String VENDOR = "nvidia.com";

    private GpuProfile() {}

    /**
     * Executors of one GPU and as many cores as tasks.
     *
     * @param tasksPerGpu tasks that run at once; their rows share one continuous batch, so a few that read and write
     *     are enough
     * @param discoveryScript where {@code penstock-gpus} is on every machine
     * @throws InputException if tasks are none
     */
    public static ResourceProfile of(int tasksPerGpu, String discoveryScript) {
        if (tasksPerGpu < 1) {
            throw new InputException("tasks per GPU must be at least 1, not " + tasksPerGpu);
        }
        ExecutorResourceRequests executor = new ExecutorResourceRequests()
                .cores(tasksPerGpu)
                .resource(RESOURCE, 1, discoveryScript, VENDOR);
        TaskResourceRequests task = new TaskResourceRequests()
                .cpus(1)
                .resource(RESOURCE, 1.0 / tasksPerGpu);
        return new ResourceProfileBuilder().require(executor).require(task).build();
    }
}
