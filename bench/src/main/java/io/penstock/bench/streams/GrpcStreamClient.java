package io.penstock.bench.streams;

import io.grpc.stub.StreamObserver;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.SamplingParams;
import io.penstock.serving.grpc.wire.TokenizedInput;
import io.penstock.serving.grpc.wire.VllmEngineGrpc.VllmEngineStub;

/** One stream after the other on one connection; counts what comes. */
final class GrpcStreamClient implements StreamObserver<GenerateResponse>, StreamClient {
    private final VllmEngineStub stub;
    private final GenerateRequest request;

    // Written by the connection's thread; read by another for a look.
    private long numTokens;
    private long numMessages;
    private volatile Throwable failure;
    private volatile boolean isStopped;

    GrpcStreamClient(VllmEngineStub stub, int number, int promptTokens, int maxTokens) {
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

    @Override
    public void start() {
        stub.generate(request, this);
    }

    @Override
    public void stop() {
        isStopped = true;
    }

    @Override
    public long numTokens() {
        return numTokens;
    }

    @Override
    public long numMessages() {
        return numMessages;
    }

    @Override
    public Throwable failure() {
        return failure;
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
