package io.penstock.bench.loadgen.workload;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.runtime.InputException;
import io.penstock.runtime.text.Tokenizer;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Random token ids, none of them special, and prompts of them. */
final class TokenSource {
    private final Tokenizer tokenizer;
    private final int[] plainIds;
    private final boolean isChat;

    TokenSource(Tokenizer tokenizer, boolean isChat) {
        if (tokenizer == null) {
            throw new InputException("random prompts need the model's tokenizer: give --tokenizer DIR");
        }
        this.tokenizer = tokenizer;
        this.isChat = isChat;
        plainIds = IntStream.range(0, tokenizer.vocabSize())
                .filter(id -> id < tokenizer.numTokens() && !tokenizer.isSpecial(id) && !tokenizer.isAdded(id))
                .toArray();
    }

    int[] ids(SplittableRandom random, int length) {
        int[] ids = new int[length];
        for (int i = 0; i < length; i++) {
            ids[i] = plainIds[random.nextInt(plainIds.length)];
        }
        return ids;
    }

    /** The ids as they are; their text where messages are wanted, which may be a few tokens more or less. */
    Prompt prompt(int[] ids) {
        if (!isChat) {
            return new Prompt.TokenIds(ids);
        }
        var messages = JsonNodeFactory.instance.arrayNode();
        messages.addObject().put("role", "user").put("content", tokenizer.decode(ids, false));
        return new Prompt.Messages(messages);
    }

    /** A length around a mean. */
    static int length(SplittableRandom random, int mean, double rangeRatio) {
        int least = Math.max(1, (int) Math.floor(mean * (1 - rangeRatio)));
        int most = Math.max(least, (int) Math.ceil(mean * (1 + rangeRatio)));
        return least == most ? least : random.nextInt(least, most + 1);
    }
}
