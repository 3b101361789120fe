package io.penstock.serving.openai.response;

import io.penstock.serving.output.OutputSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Turns the parts of one streamed choice into chunks, in the order that clients rely on. Put it behind an
 * {@link io.penstock.serving.output.OutputParser}: {@link #begin}, then for each run of tokens {@link #tokens} and the
 * parser's feed, then the parser's finish and {@link #finish}. One thread at a time.
 *
 * <p>Logprobs and ids of tokens whose text is still held back travel with the next chunk that is sent.
 */
public final class ChatChunkStream implements OutputSink {
    private final ResponseHeader header;
    private final int index;
    private final boolean includeUsage;
    private final Supplier<String> callIds;
    private final Consumer<ChatCompletionChunk> chunks;
    private final List<TokenLogprob> logprobs = new ArrayList<>();
    private int[] tokenIds;
    private Usage usage;
    private int numCalls;

    /**
     * @param index of the choice
     * @param includeUsage whether the request asked for the usage
     * @param callIds gives each tool call its id
     */
    public ChatChunkStream(
            ResponseHeader header,
            int index,
            boolean includeUsage,
            Supplier<String> callIds,
            Consumer<ChatCompletionChunk> chunks) {
        this.header = header;
        this.index = index;
        this.includeUsage = includeUsage;
        this.callIds = callIds;
        this.chunks = chunks;
    }

    /** Sends the chunk with the role. {@code promptTokenIds}: null unless the request asked for ids. */
    public void begin(int[] promptTokenIds) {
        ChatCompletionChunk.Choice choice = new ChatCompletionChunk.Choice(
                index, new ChatCompletionChunk.Delta.Role(), null, null, null, null);
        chunks.accept(new ChatCompletionChunk(header, choice, includeUsage, usage, promptTokenIds));
    }

    /**
     * Tokens whose text comes next.
     *
     * @param newLogprobs null unless the request asked for them
     * @param newIds null unless the request asked for them
     */
    public void tokens(List<TokenLogprob> newLogprobs, int[] newIds) {
        if (newLogprobs != null) {
            logprobs.addAll(newLogprobs);
        }
        if (newIds != null) {
            int before = tokenIds == null ? 0 : tokenIds.length;
            tokenIds = Arrays.copyOf(tokenIds == null ? newIds : tokenIds, before + newIds.length);
            System.arraycopy(newIds, 0, tokenIds, before, newIds.length);
        }
    }

    /** What the chunks from here on show as the usage so far; null for none. */
    public void usageSoFar(Usage soFar) {
        usage = soFar;
    }

    /** Sends the chunk with the finish reason: {@link FinishReason#TOOL_CALLS} where calls came before a stop. */
    public void finish(FinishReason reason, String stopReason) {
        send(new ChatCompletionChunk.Delta.Nothing(), reason.withToolCalls(numCalls > 0), stopReason);
    }

    @Override
    public void content(String delta) {
        send(new ChatCompletionChunk.Delta.Content(delta), null, null);
    }

    @Override
    public void reasoning(String delta) {
        send(new ChatCompletionChunk.Delta.Reasoning(delta), null, null);
    }

    @Override
    public void toolCallStart(int callIndex, String name) {
        numCalls++;
        send(new ChatCompletionChunk.Delta.ToolCall(new ChatToolCall.Start(callIndex, callIds.get(), name)), null,
                null);
    }

    @Override
    public void toolCallArguments(int callIndex, String delta) {
        send(new ChatCompletionChunk.Delta.ToolCall(new ChatToolCall.Arguments(callIndex, delta)), null, null);
    }

    private void send(ChatCompletionChunk.Delta delta, FinishReason reason, String stopReason) {
        List<TokenLogprob> shown = logprobs.isEmpty() ? null : List.copyOf(logprobs);
        ChatCompletionChunk.Choice choice =
                new ChatCompletionChunk.Choice(index, delta, shown, reason, stopReason, tokenIds);
        logprobs.clear();
        tokenIds = null;
        chunks.accept(new ChatCompletionChunk(header, choice, includeUsage, usage, null));
    }
}
