package io.penstock.batch.spark;

import io.penstock.runtime.InputException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.resource.ExecutorResourceRequests;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/** What executors and tasks need of a cluster with GPUs: one GPU an executor, and tasks that share it. */
public final class GpuProfile {
    /** The name of the resource in Spark's settings. */
    public static final String RESOURCE = "gpu";

    private static final String VENDOR = "nvidia.com";
    private static final Map<Asked, ResourceProfile> PROFILES = new ConcurrentHashMap<>();

    private GpuProfile() {}

    private record Asked(int tasksPerGpu, String discoveryScript) {}

    /**
     * Executors of one GPU and as many cores as tasks; Spark has them where it allocates executors dynamically
     * ({@code spark.dynamicAllocation.enabled}). The same again for the same arguments: to Spark each profile is
     * another kind of executor, and only of the same one do jobs share executors with their engines, and transforms a
     * stage.
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
        return PROFILES.computeIfAbsent(new Asked(tasksPerGpu, discoveryScript), GpuProfile::build);
    }

    private static ResourceProfile build(Asked asked) {
        ExecutorResourceRequests executor = new ExecutorResourceRequests()
                .cores(asked.tasksPerGpu)
                .resource(RESOURCE, 1, asked.discoveryScript, VENDOR);
        TaskResourceRequests task = new TaskResourceRequests()
                .cpus(1)
                .resource(RESOURCE, share(asked.tasksPerGpu));
        ResourceProfileBuilder builder = new ResourceProfileBuilder().require(executor).require(task);
        ResourceProfile profile = builder.build();
        // Spark counts them from the number of the default profile: before there is a session, the first would pass
        // for that and be as if it was not there.
        return profile.id() == ResourceProfile.DEFAULT_RESOURCE_PROFILE_ID() ? builder.build() : profile;
    }

    /** A share of which so many fit: Spark rounds down, and of a 93rd as the nearest double is only 92 would. */
    private static double share(int numTasks) {
        double nearest = 1.0 / numTasks;
        return Math.fma(nearest, numTasks, -1) > 0 ? Math.nextDown(nearest) : nearest;
    }
}
