package io.penstock.bench.jmh;

import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.GenerateStreamChunk;
import io.penstock.serving.openai.response.ChatChunkStream;
import io.penstock.serving.openai.response.ResponseHeader;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A streamed token as bytes, by each protocol: the object, and its encoding; not the socket. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MessageBenchmark {
    private final ResponseHeader header = new ResponseHeader("chatcmpl-0123456789abcdef", 1_760_000_000L, "penstock");
    private byte[] bytes;
    private final ChatChunkStream stream =
            new ChatChunkStream(header, 0, false, () -> "call-1", chunk -> bytes = chunk.toJson());
    private int tokenId;

    /** An event of the chat endpoint with a word of content. */
    @Benchmark
    public byte[] event() {
        stream.content(" token");
        return bytes;
    }

    /** A chunk of a Generate call with one token. */
    @Benchmark
    public byte[] grpcChunk() {
        var chunk = GenerateStreamChunk.newBuilder().setIndex(0).setPromptTokens(1024);
        chunk.addTokenIds(tokenId++ & 0xFFFF);
        chunk.setCompletionTokens(1);
        return GenerateResponse.newBuilder().setChunk(chunk).build().toByteArray();
    }
}
