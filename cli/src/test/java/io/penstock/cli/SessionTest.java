package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.model.AskedLimits;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.openai.SamplingRequest;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionTest {
    private static final int NUM_TOKENS = 60;

    private static Session session() {
        var encoder = new RequestEncoder(ModelSource.read("demo", Installation.demoModel(), false), null);
        return Session.open(encoder, ServingConfig.of(Preset.LATENCY)
                .withLimits(AskedLimits.NONE.withSizes(1, 64, 128)));
    }

    private static GenerationRequest endless(Session session) {
        return GenerationRequest.text("Hello").withSampling(session.penstock().sampling()
                .withTemperature(0)
                .withStop(new SamplingRequest.Stop(NUM_TOKENS, false, 0, Set.of(), List.of(), true, false)));
    }

    @Test
    void cancelEndsThisAnswerAndNotTheNext() {
        try (Session session = session()) {
            GenerationResult.Choice cancelled =
                    session.answer(endless(session), (_, _) -> session.cancel()).choice();
            assertEquals(FinishReason.ABORT, cancelled.finishReason());
            assertTrue(cancelled.tokenIds().length < NUM_TOKENS && !cancelled.text().isEmpty(), cancelled::text);
            GenerationResult.Choice next = session.answer(endless(session), (_, _) -> { }).choice();
            assertEquals(FinishReason.LENGTH, next.finishReason());
            assertEquals(NUM_TOKENS, next.tokenIds().length);
            assertTrue(next.text().startsWith(cancelled.text()), next::text);
            session.cancel();
        }
    }
}
