package io.penstock.bench.simulate;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.plan.MemoryPlan;
import io.penstock.scheduler.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;

/**
 * What a device allows by sequences at once, and what the production scheduler leaves of it: the floor of a decode
 * step, the rate of a perfect schedule that decodes and nothing else, and a closed loop of 1024 prompt and 256 output
 * tokens: perfectly mixed, scheduled, and scheduled without overlap behind the host's time.
 */
public final class FloorTable {
    /** Tokens that each decoding sequence has, the new one included. */
    public static final int CONTEXT = 1024;

    private static final Scenario LOOP = Scenario.CLOSED_LOOP_1024_256;
    private static final int MAX_TOKENS = 8192;
    private static final double MEMORY_SHARE = 0.9;
    private static final int CHECK_INTERVAL = 4096;
    private static final int SNAPSHOTS_PER_SEQ = 4;

    private FloorTable() {}

    /**
     * One number of sequences; rates are output tokens a second.
     *
     * @param floorMs of a decode step
     * @param loopIdeal the closed loop, perfectly scheduled
     * @param loopScheduled by the production scheduler, host time hidden behind the step before
     * @param loopInStep the same, each step planned when the one before it is done
     */
    public record Row(
            int numSeqs, double floorMs, double decode, double loopIdeal, double loopScheduled, double loopInStep) {
        /** Share of the ideal that the schedule loses. */
        public double lost() {
            return 1 - loopScheduled / loopIdeal;
        }
    }

    /**
     * Rows for each number of sequences.
     *
     * @param hostNs host time of a step
     * @param onRow told the number of rows done
     */
    public static List<Row> of(ModelConfig model, DeviceSpec device, int[] numSeqs, long hostNs, IntConsumer onRow) {
        var cost = new FloorCost(model, device, 1);
        List<Row> rows = new ArrayList<>();
        for (int seqs : numSeqs) {
            double floorNs = cost.costNs(StepWork.decode(seqs, CONTEXT));
            SimulationReport scheduled = loop(model, device, cost, seqs, true, hostNs);
            SimulationReport inStep = loop(model, device, cost, seqs, false, hostNs);
            rows.add(new Row(seqs, floorNs / 1e6, seqs * 1e9 / floorNs, scheduled.figure("ideal_output_throughput"),
                    scheduled.figure("output_throughput"), inStep.figure("output_throughput")));
            onRow.accept(rows.size());
        }
        return rows;
    }

    private static SimulationReport loop(
            ModelConfig model, DeviceSpec device, StepCost cost, int numSeqs, boolean overlaps, long hostNs) {
        int numRequests = LOOP.promptsPerSeq() * Math.max(numSeqs, 16);
        int maxLength = SimulationConfig.maxLength(LOOP, 0, numRequests, 1);
        ModelLimits limits = MemoryPlan.of(model, new MemoryPlan.Asked(numSeqs, Math.max(MAX_TOKENS, numSeqs),
                maxLength, SNAPSHOTS_PER_SEQ * numSeqs), (long) (device.memoryBytes() * MEMORY_SHARE)).limits();
        var engine = new SimulationConfig.Engine(limits, SchedulerConfig.throughput(), overlaps,
                SimulationConfig.NO_QUEUE_LIMIT, hostNs, 0);
        return Simulation.run(new SimulationConfig(LOOP, 0, numRequests, 1, engine, cost, false), CHECK_INTERVAL,
                ended -> { });
    }

    /** For a person. */
    public static String table(String model, DeviceSpec device, long hostNs, List<Row> rows) {
        var text = new StringBuilder(String.format(Locale.ROOT,
                "%s on %s, host time %.2f ms a step; 1024 prompt and 256 output tokens in the closed loop%n%n"
                        + "            decode at %d tokens            closed loop, output tokens/s%n"
                        + "sequences  floor ms     tokens/s     perfect  scheduled    lost   no overlap    lost%n",
                model, device.name(), hostNs / 1e6, CONTEXT));
        rows.forEach(row -> text.append(String.format(Locale.ROOT,
                "%9d %9.2f %,12.0f %,11.0f %,10.0f %5.1f %% %,12.0f %5.1f %%%n", row.numSeqs(), row.floorMs(),
                row.decode(), row.loopIdeal(), row.loopScheduled(), 100 * row.lost(), row.loopInStep(),
                100 * (1 - row.loopInStep() / row.loopIdeal()))));
        return text.toString();
    }
}
