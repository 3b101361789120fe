package io.penstock.serving.offline;

import io.penstock.runtime.Penalties;
import io.penstock.serving.model.AskedLimits;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.openai.SamplingRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** The bundled model for tests. */
public final class DemoModel {
    public static final RequestEncoder ENCODER = new RequestEncoder(
            ModelSource.of(path("models/penstock-demo").toString()), null);

    private DemoModel() {}

    public static Path path(String inRepository) {
        return Path.of(System.getProperty("basedir", ".")).resolve("..").resolve(inRepository);
    }

    /** Small enough that requests wait for each other. */
    public static ServingConfig small() {
        return ServingConfig.of(Preset.THROUGHPUT).withLimits(AskedLimits.NONE.withSizes(8, 128, 512));
    }

    /** Seeds are 1, 2, 3 and so on. */
    static Penstock open(ServingConfig config) {
        return Penstock.open(ENCODER, config, _ -> { }, new AtomicLong()::incrementAndGet);
    }

    public static SamplingRequest greedy() {
        return SamplingRequest.of(ENCODER.defaults()).withTemperature(0)
                .withPenalties(Penalties.NONE);
    }

    /** Exactly so many tokens, whatever they are. */
    public static SamplingRequest exactly(int numTokens) {
        return greedy().withStop(new SamplingRequest.Stop(numTokens, false, 0, Set.of(), List.of(), true, false));
    }
}
