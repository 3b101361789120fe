package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuModel;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionTest {
    private static final int NUM_TOKENS = 60;

    private static SamplingParams endless() {
        var stop = new StopConditions(NUM_TOKENS, 0, Set.of(), List.of(), true, false);
        return new SamplingParams(0, TokenFilters.NONE, Penalties.NONE, TokenConstraints.NONE, stop, 0, -1);
    }

    private static Session session() {
        ModelSource source = ModelSource.read("demo", Installation.demoModel(), false);
        try (ModelTensors tensors = source.openTensors()) {
            var limits = new ModelLimits(1, 64, 128, 2, 0);
            return new Session(new Conversation(source, null), new CpuModel(
                    tensors, limits, CpuModel.Options.defaults(Arithmetic.FLOAT32), _ -> { }));
        }
    }

    @Test
    void cancelEndsThisAnswerAndNotTheNext() {
        try (Session session = session()) {
            Conversation.Prompt prompt = session.conversation().raw("Hello");
            Answer cancelled = session.stream(prompt, List.of(endless()), true, _ -> session.cancel()).getFirst();
            assertEquals(FinishReason.ABORT, cancelled.finishReason());
            assertTrue(cancelled.numTokens() < NUM_TOKENS && !cancelled.text().isEmpty(), cancelled::text);
            Answer next = session.stream(prompt, List.of(endless()), true, _ -> { }).getFirst();
            assertEquals(FinishReason.LENGTH, next.finishReason());
            assertEquals(NUM_TOKENS, next.numTokens());
            assertTrue(next.text().startsWith(cancelled.text()), next::text);
        }
    }
}
