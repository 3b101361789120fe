package io.penstock.bench.loadgen.run;

/**
 * What the harness itself took. It is the limit of a run where its threads had no time left, or where they saw or sent
 * things late.
 *
 * @param cpuShare of all cores, by the whole process
 * @param loopCpuShare of one core, by the busiest event loop; 0 where the loops never sleep and it says nothing
 * @param loopLagP99Ms how late the event loops came to what was due
 * @param sendLagP99Ms how late requests were sent
 */
public record ClientCost(double cpuShare, double loopCpuShare, double loopLagP99Ms, double sendLagP99Ms) {
    private static final double MAX_LOOP_CPU_SHARE = 0.85;
    private static final double MAX_LAG_MS = 10;

    public boolean isLimit() {
        return loopCpuShare > MAX_LOOP_CPU_SHARE || loopLagP99Ms > MAX_LAG_MS || sendLagP99Ms > MAX_LAG_MS;
    }

    /** Why it was the limit, for a person. */
    public String reason() {
        return loopCpuShare > MAX_LOOP_CPU_SHARE
                ? String.format("an event loop took %.0f %% of a core: give it more with --client-threads",
                        100 * loopCpuShare)
                : loopLagP99Ms > MAX_LAG_MS
                ? String.format("its event loops were %.1f ms late (p99): the machine is too busy", loopLagP99Ms)
                : String.format("it sent %.1f ms late (p99): the machine is too busy", sendLagP99Ms);
    }
}
