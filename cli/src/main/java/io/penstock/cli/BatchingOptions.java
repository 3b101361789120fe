package io.penstock.cli;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.plan.MemorySize;
import io.penstock.serving.model.AskedLimits;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.ServingConfig;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options of how many sequences share the steps and the memory; named as vLLM's where they mean the same. */
final class BatchingOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--preset", paramLabel = "NAME",
            description = "throughput or latency: what the engine is tuned for. Default: throughput for --input, else"
                    + " latency.")
    private Preset preset;

    @Option(names = "--max-num-seqs", paramLabel = "N",
            description = "Sequences that run at once. Default: 64, with --preset latency 16; for one prompt its"
                    + " answers.")
    private Integer maxNumSeqs;

    @Option(names = "--kv-cache-memory-bytes", paramLabel = "SIZE", converter = Size.class,
            description = "Memory for KV blocks, such as 4GiB. Default: room for sequences of 1024 tokens, at most"
                    + " 30 %% of the Java heap; for one prompt what it needs.")
    private Long kvBytes;

    @Option(names = "--num-snapshots", paramLabel = "N",
            description = "Conv states kept for prefix hits. Default: one for 2 KV blocks.")
    private Integer numSnapshots;

    @Option(names = "--swap-space", paramLabel = "SIZE", converter = Size.class,
            description = "Memory for sequences that have to give way, such as 1GiB. Default: none, they are computed"
                    + " again.")
    private Long swapBytes;

    @Option(names = "--no-prefix-caching", description = "Computes each prompt in full, even if it begins as another.")
    private boolean noPrefixCaching;

    @Option(names = "--no-async-scheduling",
            description = "Plans a step only when the last one's tokens are known. The answers are the same.")
    private boolean noAsyncScheduling;

    /** {@code 4GiB}. */
    static final class Size implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            try {
                return MemorySize.parse(text);
            } catch (InputException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** Refuses what cannot be used, before anything is read. */
    void validate() {
        if (maxNumSeqs != null && (maxNumSeqs < 1 || maxNumSeqs > AskedLimits.MOST_SEQS)) {
            throw wrong("--max-num-seqs must be between 1 and " + AskedLimits.MOST_SEQS + ", not " + maxNumSeqs);
        }
        if (numSnapshots != null && numSnapshots < 0) {
            throw wrong("--num-snapshots must be at least 0, not " + numSnapshots);
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** For many prompts: what is not given follows from the preset. */
    ServingConfig forMany(EngineOptions engine, ModelConfig model, int modelLen) {
        return config(engine, model, Preset.THROUGHPUT).withLimits(new AskedLimits(
                maxNumSeqs, engine.maxNumBatchedTokens(),
                modelLen, null, kvBytes, numSnapshots, swapBytes));
    }

    /** For prompts one after the other: just the memory that one with so many choices needs. */
    ServingConfig forOne(EngineOptions engine, ModelConfig model, int modelLen, int numChoices) {
        int seqs = maxNumSeqs == null ? numChoices : maxNumSeqs;
        Integer numBlocks = kvBytes == null ? Integer.valueOf(numKvBlocks(model, seqs, modelLen)) : null;
        return config(engine, model, Preset.LATENCY).withLimits(new AskedLimits(
                seqs, engine.maxNumBatchedTokens(), modelLen,
                numBlocks, kvBytes, numSnapshots, swapBytes));
    }

    private ServingConfig config(EngineOptions engine, ModelConfig model, Preset usual) {
        return engine.config(preset == null ? usual : preset, model)
                .withPrefixCaching(!noPrefixCaching)
                .withOverlap(!noAsyncScheduling);
    }

    /** The CPU keeps a layer's blocks in one array. */
    private static int numKvBlocks(ModelConfig config, int numSeqs, int modelLen) {
        long numBlocks = (long) numSeqs * ModelLimits.blocksFor(modelLen);
        long floatsPerBlock = 2L * ModelLimits.BLOCK_TOKENS * config.attention().kvWidth();
        if (numBlocks * floatsPerBlock > Integer.MAX_VALUE) {
            throw new InputException(numSeqs + " choices of " + modelLen + " tokens are more than the CPU's KV memory"
                    + " can hold: lower -n, --max-tokens or --max-model-len");
        }
        return (int) numBlocks;
    }
}
