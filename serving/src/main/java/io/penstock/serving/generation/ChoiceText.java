package io.penstock.serving.generation;

import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.text.Detokenizer;
import io.penstock.runtime.text.StopStrings;
import io.penstock.runtime.text.Tokenizer;
import java.util.Set;

/** The text of one choice while it is written: tokens in, characters out, up to a stop string. One thread's. */
public final class ChoiceText {
    /** Special tokens that say how to read the rest: they stay in the text, which is parsed later. */
    private static final Set<String> MARKERS =
            Set.of("<think>", "</think>", "<|tool_call_start|>", "<|tool_call_end|>");

    private final Tokenizer tokenizer;
    private final boolean skipSpecial;
    private final Detokenizer detokenizer;
    private final StopStrings stop;
    private final StringBuilder decoded = new StringBuilder();

    /** @param skipSpecial leaves special tokens out, but for the marks of thinking and tool calls */
    public ChoiceText(SamplingParams params, Tokenizer tokenizer, boolean skipSpecial) {
        this.tokenizer = tokenizer;
        this.skipSpecial = skipSpecial;
        detokenizer = new Detokenizer(tokenizer, false);
        stop = new StopStrings(params.stop().stopStrings(), params.stop().includeStopString());
    }

    /**
     * Takes a token and appends the characters that are certain now.
     *
     * @return whether it completes a stop string; later tokens are to be left out
     */
    public boolean append(int tokenId, StringBuilder out) {
        if (!skipSpecial || !tokenizer.isSpecial(tokenId) || MARKERS.contains(tokenizer.token(tokenId))) {
            detokenizer.append(tokenId, decoded);
        }
        boolean stopped = stop.append(decoded, out);
        decoded.setLength(0);
        return stopped;
    }

    /** The choice has ended: appends what was held back. */
    public void finish(StringBuilder out) {
        if (stop.matched() != null) {
            return;
        }
        detokenizer.finish(decoded);
        if (!stop.append(decoded, out)) {
            stop.finish(out);
        }
        decoded.setLength(0);
    }

    /** The stop string that ended it, or null. */
    public String matchedStop() {
        return stop.matched();
    }
}
