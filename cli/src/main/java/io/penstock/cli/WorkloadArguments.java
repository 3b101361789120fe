package io.penstock.cli;

import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.workload.WorkloadOptions;
import io.penstock.bench.loadgen.workload.Workloads;
import io.penstock.runtime.InputException;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.model.ModelSource;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options of a workload, named as those of {@code vllm bench}. */
final class WorkloadArguments {
    private static final int MAX_PROMPTS = 10_000_000;
    private static final int MAX_LENGTH = 1 << 20;
    private static final long WARM_UP_SEED = 0x5eed;

    @Option(names = "--dataset-name", paramLabel = "NAME", defaultValue = "random",
            description = "random, prefix_repetition, multi_turn, sharegpt, custom (JSON lines with prompt or messages)"
                    + " or timed_trace (JSON lines with timestamp in ms, input_length, output_length, hash_ids)."
                    + " Default: random.")
    private String datasetName;

    @Option(names = "--dataset-path", paramLabel = "FILE", description = "Of sharegpt, custom and timed_trace.")
    private Path datasetPath;

    @Option(names = "--num-prompts", paramLabel = "N", defaultValue = "1000", description = "Requests. Default: 1000.")
    private int numPrompts;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Of all that is random. Default: 0.")
    private long seed;

    @Option(names = "--input-len", paramLabel = "N", description = "The same as --random-input-len.")
    private Integer inputLen;

    @Option(names = "--output-len", paramLabel = "N", description = "Output length of any dataset.")
    private Integer outputLen;

    @Option(names = "--random-input-len", paramLabel = "N", defaultValue = "1024",
            description = "Tokens of a random prompt, or of one turn. Default: 1024.")
    private int randomInputLen;

    @Option(names = "--random-output-len", paramLabel = "N", defaultValue = "128",
            description = "Tokens of its answer. Default: 128.")
    private int randomOutputLen;

    @Option(names = "--random-range-ratio", paramLabel = "R", defaultValue = "0",
            description = "Lengths are within LENGTH * (1 - R) and LENGTH * (1 + R). Default: 0.")
    private double randomRangeRatio;

    @Option(names = "--random-prefix-len", paramLabel = "N", defaultValue = "0",
            description = "Tokens in front of random prompts that all share. Default: 0.")
    private int randomPrefixLen;

    @Option(names = "--prefix-repetition-prefix-len", paramLabel = "N", defaultValue = "256",
            description = "Default: 256.")
    private int repetitionPrefixLen;

    @Option(names = "--prefix-repetition-suffix-len", paramLabel = "N", defaultValue = "256",
            description = "Default: 256.")
    private int repetitionSuffixLen;

    @Option(names = "--prefix-repetition-num-prefixes", paramLabel = "N", defaultValue = "10",
            description = "Default: 10.")
    private int repetitionNumPrefixes;

    @Option(names = "--prefix-repetition-output-len", paramLabel = "N", defaultValue = "128",
            description = "Default: 128.")
    private int repetitionOutputLen;

    @Option(names = "--multi-turn-num-turns", paramLabel = "N", defaultValue = "4",
            description = "Turns of a conversation; each is one of --num-prompts. Default: 4.")
    private int numTurns;

    @Option(names = "--sharegpt-output-len", paramLabel = "N",
            description = "Default: the length of the file's answer.")
    private Integer sharegptOutputLen;

    @Option(names = "--custom-output-len", paramLabel = "N",
            description = "Default: output_tokens of a line, else 256.")
    private Integer customOutputLen;

    @Option(names = "--disable-shuffle", description = "Takes a file's entries in their order.")
    private boolean isInOrder;

    @Option(names = "--no-oversample", description = "Does not begin a file again to reach --num-prompts.")
    private boolean isNotRepeated;

    @Option(names = "--self-timed", negatable = true, defaultValue = "true", fallbackValue = "true",
            description = "Sends a trace's requests at its times; --no-self-timed at --request-rate. Default: at its"
                    + " times.")
    private boolean isSelfTimed;

    @Option(names = "--tokenizer", paramLabel = "DIR|ORG/NAME",
            description = "Of the model. Default: --model, where it is here.")
    private String tokenizer;

    @Option(names = "--skip-tokenizer-init", description = "Uses no tokenizer: nothing random, no count of our own.")
    private boolean isWithoutTokenizer;

    Workloads workload() {
        return Workloads.named(datasetName);
    }

    int numPrompts() {
        return numPrompts;
    }

    long seed() {
        return seed;
    }

    /** Whether requests are sent at the times of a file. */
    boolean isTimed() {
        return workload() == Workloads.TIMED_TRACE && isSelfTimed;
    }

    /** Whether answers always go on to their full length. */
    boolean isEndless() {
        return isSized() || workload() == Workloads.TIMED_TRACE;
    }

    /** Refuses what cannot be used. */
    void validate() {
        boolean isFile = !isSized();
        if (isFile == (datasetPath == null)) {
            throw new InputException(isFile ? "--dataset-name " + datasetName + " is a file: give --dataset-path FILE"
                    : "--dataset-name " + datasetName + " has no file: leave --dataset-path out, or give"
                    + " --dataset-name sharegpt, custom or timed_trace");
        }
        between("--num-prompts", numPrompts, 1, MAX_PROMPTS);
        between("--random-prefix-len", randomPrefixLen, 0, MAX_LENGTH);
        between("--prefix-repetition-prefix-len", repetitionPrefixLen, 0, MAX_LENGTH);
        between("--prefix-repetition-num-prefixes", repetitionNumPrefixes, 1, MAX_PROMPTS);
        between("--multi-turn-num-turns", numTurns, 1, MAX_PROMPTS);
        between("the input length", inputLen(), 1, MAX_LENGTH);
        between("the output length", Math.max(1, outputLen()), 1, MAX_LENGTH);
        if (!(randomRangeRatio >= 0 && randomRangeRatio < 1)) {
            throw new InputException("--random-range-ratio must be at least 0 and below 1, not " + randomRangeRatio);
        }
    }

    static void between(String what, long value, long least, long most) {
        if (value < least || value > most) {
            throw new InputException(what + " must be between " + least + " and " + most + ", not " + value);
        }
    }

    private int inputLen() {
        return inputLen != null ? inputLen
                : workload() == Workloads.PREFIX_REPETITION ? repetitionSuffixLen : randomInputLen;
    }

    /** 0 where a file says. */
    private int outputLen() {
        return outputLen != null ? outputLen : switch (workload()) {
            case RANDOM, MULTI_TURN -> randomOutputLen;
            case PREFIX_REPETITION -> repetitionOutputLen;
            case SHAREGPT -> sharegptOutputLen == null ? 0 : sharegptOutputLen;
            case CUSTOM -> customOutputLen == null ? 0 : customOutputLen;
            case TIMED_TRACE -> 0;
        };
    }

    /** Whether the options have the lengths, not a file. */
    boolean isSized() {
        return switch (workload()) {
            case RANDOM, MULTI_TURN, PREFIX_REPETITION -> true;
            case SHAREGPT, CUSTOM, TIMED_TRACE -> false;
        };
    }

    /** Tokens in front of each prompt that are shared. */
    int prefixLen() {
        return !isSized() ? 0 : workload() == Workloads.PREFIX_REPETITION ? repetitionPrefixLen : randomPrefixLen;
    }

    /** Tokens of each prompt that are its own; 0 where a file has them. */
    int ownInputLen() {
        return isSized() ? inputLen() : 0;
    }

    /** Tokens of each prompt, where all have as many; else 0. */
    int knownInputLen() {
        return isSized() ? prefixLen() + inputLen() : 0;
    }

    /** Tokens of each answer, where all have as many; else 0. */
    int knownOutputLen() {
        return outputLen();
    }

    private WorkloadOptions options(boolean isChat, int number, long chosenSeed, int input, int output) {
        return new WorkloadOptions(number, chosenSeed, datasetPath, isChat,
                new WorkloadOptions.Sizes(input, output, randomRangeRatio,
                        prefixLen(), repetitionNumPrefixes, numTurns), isSized() ? 0 : output,
                new WorkloadOptions.FileUse(!isInOrder, !isNotRepeated, isSelfTimed));
    }

    /** The requests. */
    List<LoadRequest> requests(boolean isChat, Tokenizer words) {
        return workload().requests(options(isChat, numPrompts, seed, inputLen(), outputLen()), words);
    }

    /** The requests, in another number, of another seed and with other lengths. */
    List<LoadRequest> requests(boolean isChat, Tokenizer words, int number, long otherSeed, int input, int output) {
        return workload().requests(options(isChat, number, otherSeed, input, output), words);
    }

    /** Requests of the same kind, none of them the same where they are random. */
    List<LoadRequest> warmUps(boolean isChat, Tokenizer words, int number) {
        return workload().requests(options(isChat, number, seed ^ WARM_UP_SEED, inputLen(), outputLen()), words)
                .stream().map(request -> new LoadRequest(request.index(), request.prompt(), request.inputTokens(),
                        request.outputTokens())).toList();
    }

    /** The model's tokenizer, or null where there is none here and none is needed. */
    Tokenizer tokenizer(String model) {
        if (isWithoutTokenizer) {
            return null;
        }
        if (tokenizer != null) {
            return Tokenizer.load(ModelSource.directory(tokenizer).resolve("tokenizer.json"));
        }
        try {
            Path directory = model.equals(Installation.DEMO_NAME) ? Installation.demoModel()
                    : ModelSource.directory(model);
            return Tokenizer.load(directory.resolve("tokenizer.json"));
        } catch (InputException e) {
            if (workload().needsTokenizer()) {
                throw new InputException("--dataset-name " + datasetName + " needs the tokenizer of " + model
                        + ", which is not here: give --tokenizer DIR", e);
            }
            return null;
        }
    }

    /** What is written of it in results. */
    Map<String, Object> config() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("dataset_name", workload().label());
        if (knownInputLen() > 0) {
            config.put("input_len", knownInputLen());
        }
        if (knownOutputLen() > 0) {
            config.put("output_len", knownOutputLen());
        }
        if (randomRangeRatio > 0) {
            config.put("range_ratio", randomRangeRatio);
        }
        if (prefixLen() > 0) {
            config.put("prefix_len", prefixLen());
        }
        if (workload() == Workloads.PREFIX_REPETITION) {
            config.put("num_prefixes", repetitionNumPrefixes);
        }
        if (workload() == Workloads.MULTI_TURN) {
            config.put("num_turns", numTurns);
        }
        if (datasetPath != null) {
            config.put("dataset_path", datasetPath.getFileName().toString());
        }
        config.put("num_prompts", numPrompts);
        config.put("seed", seed);
        return config;
    }
}
