package io.penstock.serving.api;

import io.penstock.serving.openai.response.TokenLogprob;
import io.penstock.serving.openai.response.Usage;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.OutputRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The choices of one prompt while they come in, for an answer in one piece. */
final class CollectedChoices {
    private static final int FIRST_TOKENS = 16;

    private final StringBuilder[] texts;
    private final List<List<TokenLogprob>> logprobs = new ArrayList<>();
    private final int[][] tokenIds;
    private final int[] numTokenIds;
    private final ChoiceEnd[] ends;
    private final boolean withLogprobs;
    private final boolean withIds;

    CollectedChoices(int size, boolean withLogprobs, boolean withIds) {
        this.withLogprobs = withLogprobs;
        this.withIds = withIds;
        texts = new StringBuilder[size];
        ends = new ChoiceEnd[size];
        tokenIds = new int[size][withIds ? FIRST_TOKENS : 0];
        numTokenIds = new int[size];
        for (int i = 0; i < size; i++) {
            texts[i] = new StringBuilder();
            logprobs.add(new ArrayList<>());
        }
    }

    /** @param scored null where there are none */
    void output(OutputRun run, List<TokenLogprob> scored) {
        int choice = run.choice();
        texts[choice].append(run.text());
        if (scored != null) {
            logprobs.get(choice).addAll(scored);
        }
        if (withIds) {
            int length = numTokenIds[choice] + run.tokenIds().length;
            if (length > tokenIds[choice].length) {
                tokenIds[choice] = Arrays.copyOf(tokenIds[choice], Math.max(length, 2 * tokenIds[choice].length));
            }
            System.arraycopy(run.tokenIds(), 0, tokenIds[choice], numTokenIds[choice], run.tokenIds().length);
            numTokenIds[choice] = length;
        }
    }

    void finished(ChoiceEnd end) {
        ends[end.choice()] = end;
    }

    int size() {
        return ends.length;
    }

    String text(int choice) {
        return texts[choice].toString();
    }

    /** Null where they were not asked for. */
    List<TokenLogprob> logprobs(int choice) {
        return withLogprobs ? logprobs.get(choice) : null;
    }

    /** Null where they were not asked for. */
    int[] tokenIds(int choice) {
        return withIds ? Arrays.copyOf(tokenIds[choice], numTokenIds[choice]) : null;
    }

    ChoiceEnd end(int choice) {
        return ends[choice];
    }

    Usage usage(int numPromptTokens) {
        int numOutput = 0;
        int numCached = Integer.MAX_VALUE;
        for (ChoiceEnd end : ends) {
            numOutput += end.numOutputTokens();
            numCached = Math.min(numCached, end.numCachedTokens());
        }
        return new Usage(numPromptTokens, numOutput, numCached);
    }
}
