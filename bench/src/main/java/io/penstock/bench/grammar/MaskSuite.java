package io.penstock.bench.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.MaskLimits;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.TokenGrammar;
import io.penstock.runtime.TokenMasks;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.grammar.Grammars;
import io.penstock.serving.grammar.OutputForm;
import io.penstock.serving.grammar.Reasoning;
import io.penstock.serving.grammar.TokenTrie;
import io.penstock.serving.output.ToolCall;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Microseconds of the engine's thread for each token of a constrained sequence: the first time, and after it. */
public final class MaskSuite {
    /** Names the results file. */
    public static final String NAME = "grammar-masks";

    /** New places are rare: the time of the thread itself, or whatever else ran would be the worst case. */
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private static final int LARGE = 125_000;
    private static final int NUM_SEQS = 64;
    private static final int NUM_STEPS = 150;
    private static final int ROUNDS = 30;
    private static final String PERSON = """
            {"type":"object","properties":{"name":{"type":"string","maxLength":40},"age":{"type":"integer","minimum":0,
            "maximum":150},"tags":{"type":"array","items":{"type":"string","maxLength":16},"maxItems":5},"address":
            {"type":"object","properties":{"street":{"type":"string"},"zip":{"type":"string","pattern":"^[0-9]{5}$"}},
            "required":["street","zip"]}},"required":["name","age","tags","address"]}""";

    private final Path tokenizerJson;
    private final String endToken;
    private final RunContext context;

    /**
     * @param tokenizerJson a model's file
     * @param endToken the token that ends its outputs
     */
    public MaskSuite(Path tokenizerJson, String endToken, RunContext context) {
        this.tokenizerJson = tokenizerJson;
        this.endToken = endToken;
        this.context = context;
    }

    /** Measures all cases; each is reported as it is done. */
    public void run(Consumer<BenchResult> done) {
        for (Tokenizer tokenizer : List.of(Tokenizer.load(tokenizerJson), LargeVocabulary.of(tokenizerJson, LARGE))) {
            int end = tokenizer.idOf(endToken).orElseThrow();
            var grammars = new Grammars(new TokenTrie(tokenizer, new int[] {end}), ToolCall::isName);
            forms().forEach((name, form) -> done.accept(measure(name, form, tokenizer.vocabSize(), end, grammars)));
        }
    }

    private static Map<String, OutputForm> forms() {
        Map<String, OutputForm> forms = new LinkedHashMap<>();
        try {
            var person = JsonMapper.builder().build().readTree(PERSON);
            forms.put("json-object", new OutputForm.JsonObject());
            forms.put("json-schema", new OutputForm.JsonSchema(person));
            forms.put("regex", new OutputForm.Pattern("(\\w+ ){3,8}\\d{2,6}\\."));
            forms.put("tool-calls", new OutputForm.ToolCalls(List.of(new OutputForm.Tool("add_person", person)), true));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
        return forms;
    }

    private BenchResult measure(String name, OutputForm form, int vocabSize, int end, Grammars grammars) {
        long startNs = System.nanoTime();
        TokenGrammar grammar = grammars.compile(form, Reasoning.NONE);
        double compileMs = (System.nanoTime() - startNs) / 1e6;
        List<int[]> outputs = new ArrayList<>();
        var batch = new ForwardBatch(new ModelLimits(NUM_SEQS, NUM_SEQS, 64, NUM_SEQS, 0, 0,
                new MaskLimits(NUM_SEQS, vocabSize)));
        double[] firstNs = new double[NUM_SEQS * NUM_STEPS];
        int numFirst = 0;
        double worstNs = 0;
        int numWaits = 0;
        for (int seq = 0; seq < NUM_SEQS; seq++) {
            var random = new SplittableRandom(seq);
            int[] tokens = new int[NUM_STEPS];
            int length = 0;
            TokenGrammar.State state = grammar.start();
            while (length < NUM_STEPS) {
                double ns = 0;
                int mask = TokenMasks.NO_ROOM;
                while (mask == TokenMasks.NO_ROOM) {
                    batch.clear();
                    long addNs = THREADS.getCurrentThreadCpuTime();
                    mask = batch.masks().add(state);
                    addNs = THREADS.getCurrentThreadCpuTime() - addNs;
                    ns += addNs;
                    worstNs = Math.max(worstNs, addNs);
                    numWaits += mask == TokenMasks.NO_ROOM ? 1 : 0;
                }
                int token = draw(batch.masks().words(), batch.masks().offset(mask), vocabSize, end, random);
                if (token == end) {
                    break;
                }
                long walkNs = THREADS.getCurrentThreadCpuTime();
                state = state.after(token);
                long afterNs = THREADS.getCurrentThreadCpuTime() - walkNs;
                worstNs = Math.max(worstNs, afterNs);
                firstNs[numFirst++] = ns + afterNs;
                tokens[length++] = token;
            }
            outputs.add(Arrays.copyOf(tokens, length));
        }
        double[] warmNs = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            warmNs[round] = walkAll(grammar, outputs, batch);
        }
        Arrays.sort(warmNs);
        double[] sorted = Arrays.copyOf(firstNs, numFirst);
        Arrays.sort(sorted);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("microsPerSequenceStep", warmNs[ROUNDS / 2] / 1e3);
        metrics.put("leastMicrosPerSequenceStep", warmNs[0] / 1e3);
        metrics.put("firstTimeMeanMicros", Arrays.stream(sorted).average().orElse(0) / 1e3);
        metrics.put("firstTimeWorstMicros", sorted[numFirst - 1] / 1e3);
        metrics.put("worstMicrosInAStep", worstNs / 1e3);
        metrics.put("stepsWaitedFor", (double) numWaits);
        metrics.put("compileMillis", compileMs);
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("form", name);
        config.put("vocabSize", vocabSize);
        config.put("sequences", NUM_SEQS);
        config.put("tokens", numFirst);
        return new BenchResult(NAME, name + "-" + vocabSize, context, null, config, metrics, null);
    }

    /** Nanoseconds for a token, in steps of all sequences that have not ended: a mask of its own for each. */
    private static double walkAll(TokenGrammar grammar, List<int[]> outputs, ForwardBatch batch) {
        TokenGrammar.State[] states = new TokenGrammar.State[outputs.size()];
        Arrays.fill(states, grammar.start());
        long numTokens = 0;
        long startNs = System.nanoTime();
        for (int step = 0; step < NUM_STEPS; step++) {
            for (int seq = 0; seq < states.length; seq++) {
                if (step < outputs.get(seq).length) {
                    batch.masks().add(states[seq]);
                    batch.clear();
                    states[seq] = states[seq].after(outputs.get(seq)[step]);
                    numTokens++;
                }
            }
        }
        return (double) (System.nanoTime() - startNs) / Math.max(1, numTokens);
    }

    /** Any permitted token; one that ends or closes something rather than not, so that outputs get somewhere. */
    private static int draw(int[] words, int offset, int vocabSize, int end, SplittableRandom random) {
        int drawn = -1;
        int from = random.nextInt(vocabSize);
        for (int i = 0; i < vocabSize && drawn < 0; i++) {
            int id = (from + i) % vocabSize;
            drawn = (words[offset + (id >>> 5)] >>> id & 1) != 0 ? id : -1;
        }
        boolean mayEnd = (words[offset + (end >>> 5)] >>> end & 1) != 0;
        return mayEnd && random.nextInt(4) == 0 ? end : drawn;
    }
}
