package io.penstock.cli;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cpu.CpuRunner;
import io.penstock.runtime.generate.Generator;
import io.penstock.runtime.generate.TokenSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** A loaded model that answers one request after the other, on the calling thread. */
final class Session implements AutoCloseable {
    private final Conversation conversation;
    private final CpuRunner runner;
    private final Generator generator;
    private final AtomicBoolean cancelled = new AtomicBoolean();
    private long startNs;
    private long firstTokenNs;
    private long endNs;

    /** Takes over the model and closes it at the end. */
    Session(Conversation conversation, CpuModel model) {
        this.conversation = conversation;
        int[] eosTokenIds = conversation.source().eosTokenIds();
        runner = new CpuRunner(model, conversation.tokenizer().vocabSize(), eosTokenIds);
        generator = new Generator(runner, eosTokenIds);
    }

    Conversation conversation() {
        return conversation;
    }

    /** The most tokens of prompt and output. */
    int modelLen() {
        return runner.limits().maxModelLen();
    }

    /** Ends the answer that is being written at its next token; from any thread. */
    void cancel() {
        cancelled.set(true);
    }

    /** One answer, each piece of text told as it comes. */
    List<Answer> stream(Conversation.Prompt prompt, List<SamplingParams> params, boolean skipSpecial,
            Consumer<String> pieces) {
        var answer = new Answer(conversation.tokenizer(), params.getFirst(), skipSpecial, pieces);
        run(prompt, params, List.of(answer), (_, _) -> { });
        return List.of(answer);
    }

    /** All choices, each told when it is complete. */
    List<Answer> answer(Conversation.Prompt prompt, List<SamplingParams> params, boolean skipSpecial,
            BiConsumer<Integer, Answer> complete) {
        List<Answer> answers = new ArrayList<>();
        for (SamplingParams choice : params) {
            answers.add(new Answer(conversation.tokenizer(), choice, skipSpecial, _ -> { }));
        }
        run(prompt, params, answers, complete);
        return answers;
    }

    private void run(Conversation.Prompt prompt, List<SamplingParams> params, List<Answer> answers,
            BiConsumer<Integer, Answer> complete) {
        cancelled.set(false);
        startNs = System.nanoTime();
        firstTokenNs = 0;
        generator.generate(prompt.tokenIds(), params, new TokenSink() {
            @Override
            public FinishReason token(int choice, int tokenId, StepResult result, int row) {
                markFirst();
                FinishReason stopped = answers.get(choice).token(tokenId, result, row);
                return stopped == null && cancelled.get() ? FinishReason.ABORT : stopped;
            }

            @Override
            public void finished(int choice, FinishReason reason) {
                markFirst();
                answers.get(choice).finished(reason);
                complete.accept(choice, answers.get(choice));
            }
        });
        endNs = System.nanoTime();
    }

    private void markFirst() {
        if (firstTokenNs == 0) {
            firstTokenNs = System.nanoTime();
        }
    }

    /** One line on the last request: tokens, time to the first one, and the speed behind it. */
    String stats(Conversation.Prompt prompt, List<Answer> answers) {
        int numTokens = answers.stream().mapToInt(Answer::numTokens).sum();
        double decodeSeconds = (endNs - firstTokenNs) / 1e9;
        double perSecond = decodeSeconds > 0 ? Math.max(0, numTokens - answers.size()) / decodeSeconds : 0;
        return String.format(Locale.ROOT,
                "prompt %d tokens, output %d tokens, first token after %.3f s, then %.1f tokens/s",
                prompt.tokenIds().length, numTokens, (firstTokenNs - startNs) / 1e9, perSecond);
    }

    @Override
    public void close() {
        runner.close();
    }
}
