package io.penstock.bench.loadgen.workload;

import java.nio.file.Path;

/**
 * What requests are wanted; the names are those of {@code vllm bench}'s options.
 *
 * @param path of the file, for workloads that have one; else null
 * @param isChat whether the server takes messages: token ids become text then
 * @param sizes of what is random
 * @param outputLen overrides a file's; 0 leaves it
 */
public record WorkloadOptions(int numPrompts, long seed, Path path, boolean isChat, Sizes sizes, int outputLen,
        FileUse file) {
    /**
     * Sizes in tokens of random prompts.
     *
     * @param rangeRatio lengths are within {@code length * (1 - ratio)} and {@code length * (1 + ratio)}
     * @param prefixLen shared by all requests, or by those of one prefix
     * @param numPrefixes of {@code prefix_repetition}
     * @param numTurns of {@code multi_turn}
     */
    public record Sizes(int inputLen, int outputLen, double rangeRatio, int prefixLen, int numPrefixes, int numTurns) {}

    /**
     * How a file is used.
     *
     * @param isShuffled takes its entries in an order of chance
     * @param isRepeated begins again where the file has fewer entries than prompts are wanted
     * @param isTimed keeps the times of a trace
     */
    public record FileUse(boolean isShuffled, boolean isRepeated, boolean isTimed) {}

    /** The same without a bound on the number. */
    WorkloadOptions withoutLimit() {
        return new WorkloadOptions(Integer.MAX_VALUE, seed, path, isChat, sizes, outputLen,
                new FileUse(file.isShuffled(), false, file.isTimed()));
    }

    /** The same in the order that they come in. */
    WorkloadOptions inOrder() {
        return new WorkloadOptions(numPrompts, seed, path, isChat, sizes, outputLen,
                new FileUse(false, file.isRepeated(), file.isTimed()));
    }
}
