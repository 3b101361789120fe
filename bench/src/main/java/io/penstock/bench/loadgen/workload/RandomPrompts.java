package io.penstock.bench.loadgen.workload;

import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.runtime.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Requests of random tokens. */
final class RandomPrompts {
    private final WorkloadOptions options;
    private final WorkloadOptions.Sizes sizes;
    private final TokenSource tokens;
    private final SplittableRandom random;

    RandomPrompts(WorkloadOptions options, Tokenizer tokenizer) {
        this.options = options;
        sizes = options.sizes();
        tokens = new TokenSource(tokenizer, options.isChat());
        random = new SplittableRandom(options.seed());
    }

    /** Each on its own, behind a prefix that all share. */
    List<LoadRequest> requests() {
        int[] prefix = tokens.ids(random, sizes.prefixLen());
        List<LoadRequest> requests = new ArrayList<>();
        for (int i = 0; i < options.numPrompts(); i++) {
            requests.add(request(i, joined(prefix, input())));
        }
        return requests;
    }

    /** As many requests for each prefix; in an order of chance, so that a prefix comes again after others. */
    List<LoadRequest> withSharedPrefixes() {
        List<int[]> prompts = new ArrayList<>();
        int[][] prefixes = new int[Math.min(sizes.numPrefixes(), options.numPrompts())][];
        for (int i = 0; i < prefixes.length; i++) {
            prefixes[i] = tokens.ids(random, sizes.prefixLen());
        }
        for (int i = 0; i < options.numPrompts(); i++) {
            prompts.add(joined(prefixes[i % prefixes.length], input()));
        }
        List<LoadRequest> requests = new ArrayList<>();
        for (int i = 0; i < options.numPrompts(); i++) {
            int other = random.nextInt(i, options.numPrompts());
            int[] prompt = prompts.get(other);
            prompts.set(other, prompts.get(i));
            requests.add(request(i, prompt));
        }
        return requests;
    }

    /** The turns of a conversation stand behind one another; the last conversation may be shorter. */
    List<LoadRequest> conversations() {
        int[] prefix = tokens.ids(random, sizes.prefixLen());
        List<LoadRequest> requests = new ArrayList<>();
        for (int i = 0; i < options.numPrompts(); i++) {
            boolean isFirst = i % sizes.numTurns() == 0;
            int[] ids = isFirst ? joined(prefix, input()) : input();
            requests.add(new LoadRequest(i, tokens.prompt(ids), ids.length, output(), LoadRequest.UNTIMED,
                    isFirst ? LoadRequest.FIRST_TURN : i - 1));
        }
        return requests;
    }

    private int[] input() {
        return tokens.ids(random, TokenSource.length(random, sizes.inputLen(), sizes.rangeRatio()));
    }

    private int output() {
        return TokenSource.length(random, sizes.outputLen(), sizes.rangeRatio());
    }

    private LoadRequest request(int index, int[] ids) {
        return new LoadRequest(index, tokens.prompt(ids), ids.length, output());
    }

    private static int[] joined(int[] prefix, int[] rest) {
        int[] all = Arrays.copyOf(prefix, prefix.length + rest.length);
        System.arraycopy(rest, 0, all, prefix.length, rest.length);
        return all;
    }
}
