package io.penstock.bench.jmh;

import io.penstock.runtime.text.Detokenizer;
import io.penstock.runtime.text.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Text to tokens and tokens to text, a token each; the tokenizer is the demo model's. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TextBenchmark {
    /** Of the text below: checked when it is set up. */
    static final int NUM_TOKENS = 64;

    private static final String TEXT = "The receipt is in the box, and it exceeded my hopes by far: 3 of 4 people"
            + " would buy it again. Größe, 東京 and a 🎈 are harder. ";

    private Tokenizer tokenizer;
    private Detokenizer detokenizer;
    private int[] ids;
    private String text;
    private final StringBuilder out = new StringBuilder(1 << 12);

    /** Loads the tokenizer from the folder that {@link HostPaths#MODEL} names. */
    @Setup
    public void load() {
        tokenizer = Tokenizer.load(Path.of(System.getProperty(HostPaths.MODEL)).resolve("tokenizer.json"));
        detokenizer = new Detokenizer(tokenizer, true);
        int[] all = tokenizer.encode(TEXT.repeat(4));
        ids = Arrays.copyOf(all, NUM_TOKENS);
        text = tokenizer.decode(ids, true);
    }

    /** A token's characters as soon as they are whole. */
    @Benchmark
    @OperationsPerInvocation(NUM_TOKENS)
    public int detokenise() {
        out.setLength(0);
        for (int id : ids) {
            detokenizer.append(id, out);
        }
        return out.length();
    }

    /** A token of a prompt, words seen before. */
    @Benchmark
    @OperationsPerInvocation(NUM_TOKENS)
    public int[] tokenise() {
        return tokenizer.encode(text);
    }
}
