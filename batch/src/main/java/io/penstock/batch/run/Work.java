package io.penstock.batch.run;

import io.penstock.batch.line.Line;
import io.penstock.runtime.InputException;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.offline.GenerationResult;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A line on its way, with its requests. The reader's until it is submitted, the taker's when all results are in. */
final class Work {
    private final Line.Asked line;
    private final List<GenerationRequest> requests;
    private final GenerationResult[] results;
    private final AtomicInteger numMissing = new AtomicInteger();
    private final long numTokens;
    private final int numChoices;
    private int numFailures;

    /** Where the engine's own failure left it, as it was told last. */
    private String failure;

    Work(Line.Asked line, List<GenerationRequest> requests) {
        this.line = line;
        this.requests = requests;
        results = new GenerationResult[requests.size()];
        long tokens = 0;
        int choices = 0;
        for (GenerationRequest request : requests) {
            Integer most = request.sampling().stop().maxTokens();
            tokens += prompt(request).length + (long) request.numChoices() * (most == null ? 0 : most);
            choices += request.numChoices();
        }
        numTokens = tokens;
        numChoices = choices;
    }

    private static int[] prompt(GenerationRequest request) {
        return ((GenerationRequest.Encoded) request.prompt()).prompt().tokenIds();
    }

    Line.Asked line() {
        return line;
    }

    List<GenerationRequest> requests() {
        return requests;
    }

    /** Of all prompts and the outputs that they may have, as far as that is limited. */
    long numTokens() {
        return numTokens;
    }

    int numChoices() {
        return numChoices;
    }

    /** What it is put in order by. */
    int[] firstPrompt() {
        return prompt(requests.getFirst());
    }

    int numPromptTokens() {
        int tokens = 0;
        for (GenerationRequest request : requests) {
            tokens += prompt(request).length;
        }
        return tokens;
    }

    /** Before it is submitted, again or for the first time. */
    void begin() {
        Arrays.fill(results, null);
        numMissing.set(results.length);
    }

    /** Takes a result; true with the last one. Any thread. */
    boolean take(int index, GenerationResult result) {
        results[index] = result;
        return numMissing.decrementAndGet() == 0;
    }

    List<GenerationResult> results() {
        return List.of(results);
    }

    /** Why a request of it cannot be run, or null. */
    InputException refusal() {
        for (GenerationResult result : results) {
            if (result.error() instanceof InputException e) {
                return e;
            }
        }
        return null;
    }

    /** Whether the engine failed at it; counts that. */
    boolean hasFailed() {
        for (GenerationResult result : results) {
            if (result.error() != null) {
                failure = result.error().getMessage();
                numFailures++;
                return true;
            }
        }
        return false;
    }

    int numFailures() {
        return numFailures;
    }

    String failure() {
        return failure;
    }
}
