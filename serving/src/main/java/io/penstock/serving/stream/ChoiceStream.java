package io.penstock.serving.stream;

import io.penstock.runtime.FinishReason;
import io.penstock.scheduler.OutputHandler.Finish;
import io.penstock.scheduler.OutputHandler.LogprobsView;
import io.penstock.serving.generation.ChoiceText;
import io.penstock.serving.generation.Logprobs;
import java.util.Arrays;

/** One choice on its way to a client: what has come out of the engine and is not written yet. */
final class ChoiceStream {
    private static final int FIRST_TOKENS = 4;

    private final int index;

    /** Null where nobody needs the text. */
    private final ChoiceText text;
    private final boolean hasLogprobs;
    private int[] tokenIds = new int[FIRST_TOKENS];
    private int numHeld;
    private final StringBuilder held = new StringBuilder();
    private final boolean wantsText;
    private Logprobs logprobs;
    private int numTokens;
    private boolean isStopped;
    private ChoiceEnd end;
    private boolean isDone;
    long lastTokenNs;

    ChoiceStream(int index, ChoiceText text, boolean wantsText, boolean hasLogprobs) {
        this.index = index;
        this.text = text;
        this.wantsText = wantsText;
        this.hasLogprobs = hasLogprobs;
    }

    /** Takes a token; true where it completes a stop string, after which tokens are ignored. */
    boolean token(int tokenId, LogprobsView view) {
        if (isStopped) {
            return false;
        }
        numTokens++;
        if (numHeld == tokenIds.length) {
            tokenIds = Arrays.copyOf(tokenIds, 2 * numHeld);
        }
        tokenIds[numHeld++] = tokenId;
        if (view != null && hasLogprobs) {
            if (logprobs == null) {
                logprobs = new Logprobs();
            }
            logprobs.append(tokenId, view);
        }
        if (text != null) {
            isStopped = text.append(tokenId, held);
            if (!wantsText) {
                held.setLength(0);
            }
        }
        return isStopped;
    }

    boolean isStopped() {
        return isStopped;
    }

    /** The engine has ended it; with a stop string, that is why. */
    void finish(Finish finish) {
        if (isStopped) {
            end = new ChoiceEnd(index, FinishReason.STOP, -1, text.matchedStop(), numTokens, finish.numCachedTokens());
            return;
        }
        if (text != null) {
            text.finish(held);
            if (!wantsText) {
                held.setLength(0);
            }
        }
        numTokens += finish.reason() == FinishReason.STOP ? 1 : 0;
        end = new ChoiceEnd(index, finish.reason(), finish.stopTokenId(), null, numTokens, finish.numCachedTokens());
    }

    /** Tokens kept for the client. */
    int numHeld() {
        return numHeld;
    }

    /** The stop token included. */
    int numTokens() {
        return numTokens;
    }

    /** Null before its end. */
    ChoiceEnd end() {
        return end;
    }

    /** Its end was handed on. */
    boolean isDone() {
        return isDone;
    }

    /** Whether there is something for the client. */
    boolean hasOutput() {
        return numHeld > 0 || !held.isEmpty() || end != null && !isDone;
    }

    /** Hands on all that is kept. */
    void flush(StreamSink sink) {
        if (numHeld > 0 || !held.isEmpty()) {
            var run = new OutputRun(index, Arrays.copyOf(tokenIds, numHeld), held.toString(), logprobs);
            numHeld = 0;
            held.setLength(0);
            logprobs = null;
            sink.output(run);
        }
        if (end != null && !isDone) {
            isDone = true;
            sink.finished(end);
        }
    }
}
