package io.penstock.serving.stream;

import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.model.EncodedPrompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Keeps everything that it is told, and checks the order. */
final class RecordingSink implements StreamSink {
    final Map<Integer, List<Integer>> tokenIds = new TreeMap<>();
    final Map<Integer, StringBuilder> texts = new TreeMap<>();
    final Map<Integer, ChoiceEnd> ends = new TreeMap<>();
    final List<OutputRun> runs = new ArrayList<>();
    Logprobs promptLogprobs;
    EncodedPrompt prompt;
    StreamFailure failure;
    String misuse;
    volatile boolean isReady = true;
    private final boolean wantsText;
    private final CountDownLatch began = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);

    RecordingSink(boolean wantsText) {
        this.wantsText = wantsText;
    }

    static RecordingSink texts() {
        return new RecordingSink(true);
    }

    /** Waits for the end. */
    RecordingSink await() throws InterruptedException {
        if (!over.await(60, TimeUnit.SECONDS)) {
            throw new AssertionError("not over after 60 s: " + tokenIds);
        }
        if (misuse != null) {
            throw new AssertionError(misuse);
        }
        return this;
    }

    void awaitOutput() throws InterruptedException {
        if (!began.await(60, TimeUnit.SECONDS)) {
            throw new AssertionError("no output after 60 s");
        }
    }

    boolean isOver() {
        return over.getCount() == 0;
    }

    String text(int choice) {
        return texts.get(choice).toString();
    }

    private void require(boolean holds, String what) {
        if (!holds && misuse == null) {
            misuse = what;
        }
    }

    @Override
    public boolean wantsText() {
        return wantsText;
    }

    @Override
    public boolean isReady() {
        return isReady;
    }

    @Override
    public void started(EncodedPrompt encoded) {
        require(prompt == null && over.getCount() == 1, "started twice or late");
        prompt = encoded;
    }

    @Override
    public void promptLogprobs(Logprobs logprobs) {
        require(promptLogprobs == null && runs.isEmpty(), "prompt logprobs behind output");
        promptLogprobs = logprobs;
    }

    @Override
    public void output(OutputRun run) {
        require(prompt != null && over.getCount() == 1 && isReady, "output before the start or behind the end");
        require(!ends.containsKey(run.choice()), "output behind the choice's end");
        runs.add(run);
        for (int id : run.tokenIds()) {
            tokenIds.computeIfAbsent(run.choice(), _ -> new ArrayList<>()).add(id);
        }
        texts.computeIfAbsent(run.choice(), _ -> new StringBuilder()).append(run.text());
        began.countDown();
    }

    @Override
    public void finished(ChoiceEnd end) {
        require(ends.put(end.choice(), end) == null && over.getCount() == 1, "two ends of a choice");
    }

    @Override
    public void ended() {
        require(over.getCount() == 1 && failure == null, "two ends");
        over.countDown();
    }

    @Override
    public void failed(StreamFailure reason) {
        require(over.getCount() == 1 && failure == null, "two ends");
        failure = reason;
        over.countDown();
        began.countDown();
    }
}
