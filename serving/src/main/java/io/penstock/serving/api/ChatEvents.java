package io.penstock.serving.api;

import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.response.ChatChunkStream;
import io.penstock.serving.openai.response.ChatCompletionChunk;
import io.penstock.serving.openai.response.ResponseHeader;
import io.penstock.serving.openai.response.Usage;
import io.penstock.serving.output.OutputFormat;
import io.penstock.serving.output.OutputParser;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.OutputRun;
import java.util.stream.IntStream;

/** A chat answer by events. */
final class ChatEvents extends AnswerSink {
    private final ChatCompletionRequest request;
    private final ResponseHeader header;
    private final ChatChunkStream[] chunks;
    private final OutputParser[] parsers;
    private final int[] numOutputTokens;
    private int numPromptTokens;
    private int numCachedTokens;

    ChatEvents(ApiContext api, HttpExchange exchange, ChatCompletionRequest request, ResponseHeader header) {
        super(api, exchange);
        this.request = request;
        this.header = header;
        chunks = new ChatChunkStream[request.response().n()];
        parsers = new OutputParser[chunks.length];
        numOutputTokens = new int[chunks.length];
    }

    @Override
    public void started(EncodedPrompt prompt) {
        numPromptTokens = prompt.tokenIds().length;
        exchange.startEvents();
        boolean withIds = request.response().returnTokenIds();
        OutputFormat format = request.outputFormat(api.separatesReasoning(), prompt.startsInThinking());
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = new ChatChunkStream(header, i, request.response().includeUsage(), () -> Ids.next("call_"),
                    exchange::event);
            parsers[i] = new OutputParser(format, chunks[i]);
            showUsage(chunks[i]);
            chunks[i].begin(withIds && i == 0 ? prompt.tokenIds() : null);
        }
    }

    private void showUsage(ChatChunkStream stream) {
        if (request.response().continuousUsage()) {
            stream.usageSoFar(usage());
        }
    }

    private Usage usage() {
        return new Usage(numPromptTokens, IntStream.of(numOutputTokens).sum(), numCachedTokens);
    }

    @Override
    public void promptLogprobs(Logprobs logprobs) {
        throw new IllegalStateException("a streamed chat answer has no place for log probabilities of the prompt");
    }

    @Override
    public void output(OutputRun run) {
        numOutputTokens[run.choice()] += run.tokenIds().length;
        ChatChunkStream stream = chunks[run.choice()];
        showUsage(stream);
        stream.tokens(withTexts(run.logprobs()), request.response().returnTokenIds() ? run.tokenIds() : null);
        parsers[run.choice()].feed(run.text());
    }

    @Override
    public void finished(ChoiceEnd end) {
        numOutputTokens[end.choice()] = end.numOutputTokens();
        numCachedTokens = Math.max(numCachedTokens, end.numCachedTokens());
        if (!tellIfAborted(end)) {
            parsers[end.choice()].finish();
            showUsage(chunks[end.choice()]);
            chunks[end.choice()].finish(wire(end.reason()), end.stopString());
        }
    }

    @Override
    public void ended() {
        if (request.response().includeUsage()) {
            exchange.event(ChatCompletionChunk.usageOnly(header, usage()));
        }
        exchange.endEvents();
    }
}
