package io.penstock.bench.loadgen.workload;

import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.runtime.InputException;
import io.penstock.runtime.text.Tokenizer;
import java.util.List;

/** The kinds of workload, by name. */
public enum Workloads {
    /** Random token ids of given lengths. */
    RANDOM("random", true) {
        @Override
        public List<LoadRequest> requests(WorkloadOptions options, Tokenizer tokenizer) {
            return new RandomPrompts(options, tokenizer).requests();
        }
    },
    /** Random prompts that share beginnings. */
    PREFIX_REPETITION("prefix_repetition", true) {
        @Override
        public List<LoadRequest> requests(WorkloadOptions options, Tokenizer tokenizer) {
            return new RandomPrompts(options, tokenizer).withSharedPrefixes();
        }
    },
    /** Conversations: each turn follows the answer to the one before. */
    MULTI_TURN("multi_turn", true) {
        @Override
        public List<LoadRequest> requests(WorkloadOptions options, Tokenizer tokenizer) {
            return new RandomPrompts(options, tokenizer).conversations();
        }
    },
    /** A file of conversations as ShareGPT has them: the first turn, with the answer's length. */
    SHAREGPT("sharegpt", true) {
        @Override
        public List<LoadRequest> requests(WorkloadOptions options, Tokenizer tokenizer) {
            return FilePrompts.shareGpt(options, tokenizer);
        }
    },
    /** A file of JSON lines with {@code prompt} or {@code messages}. */
    CUSTOM("custom", false) {
        @Override
        public List<LoadRequest> requests(WorkloadOptions options, Tokenizer tokenizer) {
            return FilePrompts.custom(options, tokenizer);
        }
    },
    /** A file of JSON lines with times and lengths, replayed. */
    TIMED_TRACE("timed_trace", true) {
        @Override
        public List<LoadRequest> requests(WorkloadOptions options, Tokenizer tokenizer) {
            return new TimedTrace(options, tokenizer).requests();
        }
    };

    private final String label;
    private final boolean needsTokenizer;

    Workloads(String label, boolean needsTokenizer) {
        this.label = label;
        this.needsTokenizer = needsTokenizer;
    }

    /** Makes the requests. */
    public abstract List<LoadRequest> requests(WorkloadOptions options, Tokenizer tokenizer);

    public String label() {
        return label;
    }

    public boolean needsTokenizer() {
        return needsTokenizer;
    }

    /** The workload of a name; {@code multi-turn} is {@code multi_turn}. */
    public static Workloads named(String name) {
        for (Workloads workload : values()) {
            if (workload.label.equals(name.replace('-', '_'))) {
                return workload;
            }
        }
        throw new InputException("--dataset-name must be random, prefix_repetition, multi_turn, sharegpt, custom or"
                + " timed_trace, not '" + name + "'");
    }
}
