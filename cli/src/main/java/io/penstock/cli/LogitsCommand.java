package io.penstock.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "logits",
        abbreviateSynopsis = true,
        description = "Runs token ids through a model and shows the logits behind the last one, and the greedy"
                + " continuation. Nothing is masked: padding rows and end tokens count like all others.",
        footer = {
            "%nExamples:",
            "  penstock debug logits --tokens 1,2,3",
            "  penstock debug logits --model DIR --tokens 1,2,3 --dtype bfloat16 --max-tokens 4 --json",
        })
final class LogitsCommand implements Callable<Integer> {
    private static final int NUM_TOP = 10;
    private static final int MAX_TOKENS = 4096;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions model;

    @Mixin
    private EngineOptions engine;

    @Option(names = "--tokens", paramLabel = "IDS", required = true, split = ",", description = "Ids, as in 1,2,3.")
    private int[] tokens;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "16",
            description = "Length of the greedy continuation; 0 for none. Default: 16.")
    private int maxTokens;

    @Option(
            names = "--json",
            description = "Prints {\"logits\": [...], \"greedy\": [...], \"top\": [{\"id\", \"logit\", \"token\"}]}.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        engine.validate();
        engine.requireCpu();
        if (maxTokens < 0 || maxTokens > MAX_TOKENS) {
            throw new ParameterException(spec.commandLine(),
                    "--max-tokens must be between 0 and " + MAX_TOKENS + ", not " + maxTokens);
        }
        ModelSource source = model.resolve();
        for (int id : tokens) {
            if (id < 0 || id >= source.config().vocabSize()) {
                throw new InputException("--tokens: id " + id + " is not one of the model's: 0 to "
                        + (source.config().vocabSize() - 1));
            }
        }
        int modelLen = engine.modelLen(source.config(), tokens.length + maxTokens);
        if (tokens.length + maxTokens > modelLen) {
            throw new InputException("--tokens and --max-tokens make " + (tokens.length + maxTokens)
                    + " tokens, but the context holds " + modelLen + ": give fewer");
        }
        Tokenizer tokenizer = Files.exists(source.directory().resolve("tokenizer.json")) ? source.tokenizer() : null;
        try (CpuModel loaded = engine.load(source, modelLen)) {
            Run run = new Run(loaded);
            float[] logits = run.prefill(tokens);
            int[] greedy = run.continueGreedily(logits, maxTokens);
            if (json) {
                printJson(logits, greedy, tokenizer);
            } else {
                print(logits, greedy, tokenizer);
            }
        }
        return 0;
    }

    /** One sequence in slot 0 and the blocks from 0 on. */
    private static final class Run {
        private final CpuModel model;
        private final ForwardBatch batch;
        private final int[] blocks;
        private int numComputed;

        Run(CpuModel model) {
            this.model = model;
            batch = new ForwardBatch(model.limits());
            blocks = IntStream.range(0, model.limits().numKvBlocks()).toArray();
        }

        float[] prefill(int[] ids) {
            float[] logits = null;
            for (int from = 0; from < ids.length; from = numComputed) {
                logits = step(ids, from, Math.min(model.limits().maxNumBatchedTokens(), ids.length - from));
            }
            return logits;
        }

        int[] continueGreedily(float[] first, int numTokens) {
            int[] greedy = new int[numTokens];
            float[] logits = first;
            for (int i = 0; i < numTokens; i++) {
                greedy[i] = argmax(logits);
                if (i + 1 < numTokens) {
                    logits = step(greedy, i, 1);
                }
            }
            return greedy;
        }

        private float[] step(int[] ids, int from, int numTokens) {
            batch.clear();
            int end = ModelLimits.blocksFor(numComputed + numTokens);
            for (int i = ModelLimits.blocksFor(numComputed); i < end; i++) {
                batch.setBlock(0, i, blocks[i]);
            }
            int seq = batch.addSequence(0, ids, from, numTokens, numComputed, blocks);
            batch.computeLogits(seq, batch.numTokens() - 1);
            numComputed += numTokens;
            return Arrays.copyOf(model.forward(batch), model.config().vocabSize());
        }

        private static int argmax(float[] logits) {
            int best = 0;
            for (int i = 1; i < logits.length; i++) {
                if (logits[i] > logits[best]) {
                    best = i;
                }
            }
            return best;
        }
    }

    private static int[] top(float[] logits) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> Float.compare(logits[b], logits[a]))
                .limit(NUM_TOP)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static String text(Tokenizer tokenizer, int id) {
        return tokenizer == null || tokenizer.token(id) == null ? null : tokenizer.decode(new int[] {id}, false);
    }

    private void printJson(float[] logits, int[] greedy, Tokenizer tokenizer) throws IOException {
        try (JsonGenerator out = new JsonFactory().createGenerator(System.out)) {
            out.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            out.writeStartObject();
            out.writeArrayFieldStart("logits");
            for (float logit : logits) {
                out.writeNumber(logit);
            }
            out.writeEndArray();
            out.writeArrayFieldStart("greedy");
            for (int id : greedy) {
                out.writeNumber(id);
            }
            out.writeEndArray();
            out.writeArrayFieldStart("top");
            for (int id : top(logits)) {
                out.writeStartObject();
                out.writeNumberField("id", id);
                out.writeNumberField("logit", logits[id]);
                out.writeStringField("token", text(tokenizer, id));
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
            out.writeRaw('\n');
        }
    }

    private void print(float[] logits, int[] greedy, Tokenizer tokenizer) {
        System.out.println("    id      logit   token");
        for (int id : top(logits)) {
            String token = text(tokenizer, id);
            System.out.println(String.format(Locale.ROOT, "%6d  %9.4f   %s", id, logits[id], shown(token)));
        }
        System.out.println();
        System.out.println("greedy " + Arrays.toString(greedy));
        if (tokenizer != null) {
            System.out.println("       " + shown(tokenizer.decode(greedy, false)));
        }
    }

    private static String shown(String token) {
        return token == null ? "-" : '"' + token.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r") + '"';
    }
}
