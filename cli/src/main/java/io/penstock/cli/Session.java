package io.penstock.cli;

import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.Generation;
import io.penstock.serving.offline.GenerationListener;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.offline.Penstock;
import java.security.SecureRandom;
import java.util.Locale;

/** A loaded model that answers one request after the other while the caller waits, and can be stopped in between. */
final class Session implements AutoCloseable {
    private final Penstock penstock;
    private volatile Generation generation;

    private Session(Penstock penstock) {
        this.penstock = penstock;
    }

    /** Loads the model; a bar shows how far, if it takes long and a person looks. */
    static Session open(RequestEncoder encoder, ServingConfig config) {
        return new Session(EngineOptions.loading(encoder.source(), layerLoaded ->
                Penstock.open(encoder, config, layerLoaded, new SecureRandom()::nextLong)));
    }

    Penstock penstock() {
        return penstock;
    }

    /** The most tokens of prompt and output. */
    int modelLen() {
        return penstock.limits().maxModelLen();
    }

    /** Ends the answer that is being written; from any thread. */
    void cancel() {
        Generation running = generation;
        if (running != null) {
            running.cancel();
        }
    }

    /** Answers a request; the listener is told on this thread. */
    GenerationResult answer(GenerationRequest request, GenerationListener listener) {
        try (Generation started = penstock.start(request, listener)) {
            generation = started;
            return started.await();
        } finally {
            generation = null;
        }
    }

    /** One line on a request: tokens, time to the first one, and the speed behind it. */
    static String stats(GenerationResult result) {
        GenerationResult.Usage usage = result.usage();
        double decodeSeconds = (usage.totalNs() - usage.firstTokenNs()) / 1e9;
        int numLater = Math.max(0, usage.outputTokens() - result.choices().size());
        return String.format(Locale.ROOT,
                "prompt %d tokens, output %d tokens, first token after %.3f s, then %.1f tokens/s",
                usage.promptTokens(), usage.outputTokens(), usage.firstTokenNs() / 1e9,
                decodeSeconds > 0 ? numLater / decodeSeconds : 0);
    }

    @Override
    public void close() {
        penstock.close();
    }
}
