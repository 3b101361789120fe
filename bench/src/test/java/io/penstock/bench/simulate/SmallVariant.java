package io.penstock.bench.simulate;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.scheduler.SchedulerConfig;
import java.util.SplittableRandom;

/** A scenario with short lengths on an engine with few of everything, all drawn by seed: where pools run dry. */
final class SmallVariant {
    static final StepCost H200 =
            new FloorCost(ModelShapes.named("lfm2.5-8b-a1b"), DeviceSpec.named("h200"), 1);

    private static final double SCALE = 1.0 / 16;

    private SmallVariant() {}

    static SimulationConfig of(Scenario scenario, long seed) {
        var random = new SplittableRandom(seed * 31 + scenario.ordinal());
        int numRequests = random.nextInt(16, 48);
        int maxLength = SimulationConfig.maxLength(scenario, seed, numRequests, SCALE);
        int numSeqs = random.nextInt(4, 24);
        int blocksPerSeq = ModelLimits.blocksFor(maxLength);
        var limits = new ModelLimits(numSeqs, random.nextInt(numSeqs, 512), maxLength,
                random.nextInt(blocksPerSeq, blocksPerSeq * 6), random.nextInt(0, 3 * numSeqs),
                random.nextBoolean() ? 0 : random.nextInt(1, 4 * blocksPerSeq));
        SchedulerConfig preset = random.nextBoolean() ? SchedulerConfig.throughput() : SchedulerConfig.latency();
        var engine = new SimulationConfig.Engine(limits,
                preset.withPrefixCaching(random.nextInt(4) > 0).withMaxChunkTokens(random.nextInt(16, 512)),
                random.nextInt(4) > 0, random.nextInt(4) == 0 ? random.nextInt(1, 16) : Integer.MAX_VALUE,
                random.nextInt(2) * 500_000L, random.nextInt(4) == 0 ? random.nextLong(1, 100_000_000) : 0);
        return new SimulationConfig(scenario, seed, numRequests, SCALE, engine, H200, true);
    }
}
