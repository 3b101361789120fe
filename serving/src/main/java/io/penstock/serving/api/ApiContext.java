package io.penstock.serving.api;

import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.stream.StreamEngine;
import java.util.List;

/**
 * What the endpoints need of the process.
 *
 * @param modelNames names that requests may use, at least one; the first is the model's own
 * @param startedSeconds since 1970
 * @param separatesReasoning thinking is a field of its own where a request does not say otherwise
 */
public record ApiContext(ServingCore core, List<String> modelNames, long startedSeconds, MetricsWriter metrics,
        boolean separatesReasoning) {
    public ApiContext {
        modelNames = List.copyOf(modelNames);
        if (modelNames.isEmpty()) {
            throw new IllegalArgumentException("a model without a name");
        }
    }

    StreamEngine engine() {
        return core.streams();
    }

    Tokenizer tokenizer() {
        return engine().encoder().tokenizer();
    }

    /** The name to answer with: the one that was asked for. */
    String modelOr(String asked) {
        return asked == null || asked.isEmpty() ? modelNames.getFirst() : asked;
    }

    /** Whether a request for this model is for the one that is served; null is. */
    boolean serves(String asked) {
        return asked == null || asked.isEmpty() || modelNames.contains(asked);
    }
}
