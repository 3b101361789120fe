package io.penstock.cli;

import io.penstock.bench.simulate.FleetConfig;
import io.penstock.bench.simulate.RouterPolicy;
import io.penstock.bench.simulate.SimulationConfig;
import io.penstock.runtime.InputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** The options that make many GPUs of one in a simulation. */
final class FleetOptions {
    private static final int MAX_GPUS = 10_000;
    private static final double MAX_SECONDS = 3600;

    @Option(
            names = "--gpus",
            paramLabel = "N",
            description = "A fleet of N GPUs behind a router. Requests arrive at random times whatever the scenario"
                    + " says, and each GPU has --seqs and --kv-blocks of its own.")
    private Integer numGpus;

    @Option(
            names = "--router",
            paramLabel = "POLICY",
            defaultValue = "least-loaded",
            description = "round-robin, least-loaded, two-choices or prefix-affinity. Default: least-loaded.")
    private String router;

    @Option(
            names = "--load",
            paramLabel = "L",
            defaultValue = "0.8",
            description = "Arrivals as a share of what perfect schedules on all GPUs would do. Default: 0.8.")
    private double load;

    @Option(
            names = "--failures",
            paramLabel = "N",
            defaultValue = "0",
            description = "GPUs that die in the middle of the run, with all that they have. Default: 0.")
    private int numFailures;

    @Option(
            names = "--notice-ms",
            paramLabel = "MS",
            defaultValue = "1000",
            description = "Time until the router knows. Default: 1000.")
    private double noticeMs;

    @Option(
            names = "--restart-seconds",
            paramLabel = "S",
            defaultValue = "15",
            description = "Time from then until the GPU takes requests again. Default: 15.")
    private double restartSeconds;

    boolean isAsked() {
        return numGpus != null;
    }

    /** The fleet of GPUs that are each as {@code replica} says; wrong values are refused. */
    FleetConfig config(SimulationConfig replica) {
        if (numGpus > MAX_GPUS || !(noticeMs >= 0 && noticeMs <= 1000 * MAX_SECONDS)
                || !(restartSeconds >= 0 && restartSeconds <= MAX_SECONDS)) {
            throw new InputException(String.format(Locale.ROOT, "--gpus must be at most %d, --notice-ms and"
                    + " --restart-seconds between 0 and an hour", MAX_GPUS));
        }
        return new FleetConfig(replica, numGpus, policy(), load, new FleetConfig.Failures(
                numFailures, Math.round(noticeMs * 1e6), Math.round(restartSeconds * 1e9)));
    }

    private RouterPolicy policy() {
        for (RouterPolicy policy : RouterPolicy.values()) {
            if (label(policy).equals(router.toLowerCase(Locale.ROOT))) {
                return policy;
            }
        }
        throw new InputException("unknown router '" + router + "': known are "
                + Arrays.stream(RouterPolicy.values()).map(FleetOptions::label).collect(Collectors.joining(", ")));
    }

    private static String label(RouterPolicy policy) {
        return policy.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
