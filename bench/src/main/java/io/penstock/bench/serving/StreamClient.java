package io.penstock.bench.serving;

import io.grpc.stub.StreamObserver;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.SamplingParams;
import io.penstock.serving.grpc.wire.TokenizedInput;
import io.penstock.serving.grpc.wire.VllmEngineGrpc.VllmEngineStub;

/** One stream after the other on one connection; counts what comes. */
final class StreamClient implements StreamObserver<GenerateResponse> {
    private final VllmEngineStub stub;
    private final GenerateRequest request;

    // Written by the connection's thread; read by another for a look.
    long numTokens;
    long numMessages;
    volatile Throwable failure;
    volatile boolean isStopped;

    StreamClient(VllmEngineStub stub, int number, int promptTokens, int maxTokens) {
        this.stub = stub;
        TokenizedInput.Builder prompt = TokenizedInput.newBuilder();
        for (int i = 0; i < promptTokens; i++) {
            prompt.addInputIds(1 + (number * 7 + i * 13) % 997);
        }
        request = GenerateRequest.newBuilder().setRequestId("bench-" + number).setTokenized(prompt).setStream(true)
                .setSamplingParams(SamplingParams.newBuilder()
                        .setTemperature(0).setIgnoreEos(true).setMaxTokens(maxTokens))
                .build();
    }

    void start() {
        stub.generate(request, this);
    }

    @Override
    public void onNext(GenerateResponse response) {
        numTokens += response.getChunk().getTokenIdsCount();
        numMessages++;
    }

    @Override
    public void onError(Throwable error) {
        if (!isStopped) {
            failure = error;
        }
    }

    @Override
    public void onCompleted() {
        if (!isStopped) {
            start();
        }
    }
}
