package io.penstock.serving.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.penstock.runtime.FinishReason;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.grpc.wire.GenerateComplete;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.GenerateStreamChunk;
import io.penstock.serving.grpc.wire.InputLogProbs;
import io.penstock.serving.grpc.wire.OutputLogProbs;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.OutputRun;
import io.penstock.serving.stream.StreamFailure;
import io.penstock.serving.stream.StreamSink;
import java.util.Set;

/**
 * One Generate call. A streamed one gets chunks that hold what is new, and a complete message for each choice; another
 * one gets only those, with everything in them.
 */
final class GenerateCall implements StreamSink {
    private final ServerCallStreamObserver<GenerateResponse> client;
    private final boolean isStreamed;
    private final Set<Integer> stopTokenIds;

    /** What a call that is not streamed has of each choice so far; null for a streamed one. */
    private final GenerateComplete.Builder[] wholes;
    private int numPromptTokens;
    private int firstTokenId;
    private InputLogProbs inputLogprobs;

    GenerateCall(ServerCallStreamObserver<GenerateResponse> client, GenerationRequest asked, boolean isStreamed) {
        this.client = client;
        this.isStreamed = isStreamed;
        stopTokenIds = asked.sampling().stop().stopTokenIds();
        wholes = isStreamed ? null : new GenerateComplete.Builder[asked.numChoices()];
    }

    @Override
    public boolean wantsText() {
        return false;
    }

    /** A call that is not streamed keeps all until its end, which is what its client asked for. */
    @Override
    public boolean isReady() {
        return !isStreamed || client.isReady();
    }

    @Override
    public void started(EncodedPrompt prompt) {
        numPromptTokens = prompt.tokenIds().length;
        firstTokenId = prompt.tokenIds()[0];
    }

    @Override
    public void promptLogprobs(Logprobs logprobs) {
        inputLogprobs = LogprobMessages.input(firstTokenId, logprobs);
    }

    @Override
    public void output(OutputRun run) {
        if (!isStreamed) {
            GenerateComplete.Builder whole = whole(run.choice());
            for (int id : run.tokenIds()) {
                whole.addOutputIds(id);
            }
            if (run.logprobs() != null) {
                LogprobMessages.append(run.logprobs(), whole.getOutputLogprobsBuilder());
            }
            return;
        }
        GenerateStreamChunk.Builder chunk = chunk(run.choice());
        for (int id : run.tokenIds()) {
            chunk.addTokenIds(id);
        }
        chunk.setCompletionTokens(run.tokenIds().length);
        if (run.logprobs() != null) {
            OutputLogProbs.Builder logprobs = OutputLogProbs.newBuilder();
            LogprobMessages.append(run.logprobs(), logprobs);
            chunk.setOutputLogprobs(logprobs);
        }
        if (inputLogprobs != null) {
            chunk.setInputLogprobs(inputLogprobs);
            inputLogprobs = null;
        }
        client.onNext(GenerateResponse.newBuilder().setChunk(chunk).build());
    }

    private GenerateStreamChunk.Builder chunk(int choice) {
        return GenerateStreamChunk.newBuilder().setIndex(choice).setPromptTokens(numPromptTokens);
    }

    private GenerateComplete.Builder whole(int choice) {
        if (wholes[choice] == null) {
            wholes[choice] = GenerateComplete.newBuilder();
        }
        return wholes[choice];
    }

    @Override
    public void finished(ChoiceEnd end) {
        GenerateComplete.Builder complete = isStreamed ? GenerateComplete.newBuilder() : whole(end.choice());
        if (end.stopTokenId() >= 0) {
            // The token that ended it is an output token like the others; text leaves it out as a special one.
            if (isStreamed) {
                client.onNext(GenerateResponse.newBuilder().setChunk(
                        chunk(end.choice()).addTokenIds(end.stopTokenId()).setCompletionTokens(1)).build());
            } else {
                complete.addOutputIds(end.stopTokenId());
            }
            if (stopTokenIds.contains(end.stopTokenId())) {
                complete.setMatchedTokenId(end.stopTokenId());
            }
        }
        if (end.stopString() != null) {
            complete.setMatchedStopStr(end.stopString());
        }
        if (inputLogprobs != null) {
            complete.setInputLogprobs(inputLogprobs);
        }
        complete.setIndex(end.choice())
                .setFinishReason(reason(end.reason()))
                .setPromptTokens(numPromptTokens)
                .setCompletionTokens(end.numOutputTokens())
                .setCachedTokens(end.numCachedTokens());
        client.onNext(GenerateResponse.newBuilder().setComplete(complete).build());
    }

    private static String reason(FinishReason reason) {
        return switch (reason) {
            case STOP -> "stop";
            case LENGTH -> "length";
            case ABORT -> "abort";
            case ERROR, DEADLINE -> throw new IllegalArgumentException(reason + " fails the whole request");
        };
    }

    @Override
    public void ended() {
        client.onCompleted();
    }

    @Override
    public void failed(StreamFailure failure) {
        client.onError(Statuses.exception(failure));
    }
}
