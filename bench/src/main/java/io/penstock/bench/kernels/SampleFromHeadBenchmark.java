package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.WeightFormat;
import java.util.Locale;

/** LM head and sampling of rows of which nobody else needs the logits: at least the head's weights must be read. */
final class SampleFromHeadBenchmark implements KernelBenchmark {
    private final SampleBenchmark.Request request;
    private final int numRows;
    private final int vocab;
    private final int hidden;
    private final int numCopies;
    private final SampleBenchmark sample;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor weight;
    private final LinearKernel head;

    SampleFromHeadBenchmark(BenchmarkMemory memory, KernelShape shape, SampleBenchmark.Request request) {
        this.request = request;
        numRows = memory.numTokens();
        vocab = shape.vocab();
        hidden = shape.hidden();
        WeightFormat format = WeightFormat.of(memory.device().properties());
        numCopies = memory.numCopies(floorBytes());
        sample = new SampleBenchmark(memory, shape, request);
        x = memory.bf16("x", (long) numRows * hidden, numCopies);
        weight = memory.bf16("weight", format.matrixBytes(vocab, hidden) / Short.BYTES, numCopies);
        head = LinearKernel.of(memory.device(), format);
    }

    @Override
    public String name() {
        return "sample_from_head " + request.name().toLowerCase(Locale.ROOT) + " " + numRows + " x " + vocab + " x "
                + hidden;
    }

    @Override
    public long floorBytes() {
        return (long) Short.BYTES * hidden * (vocab + numRows) + (long) Integer.BYTES * numRows;
    }

    @Override
    public long flops() {
        return 2L * numRows * vocab * hidden;
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        head.launchHead(stream, sample.logits(), x.address(copy), weight.address(copy), sample.headRows(), numRows,
                vocab, hidden);
        sample.launchBehindHead(stream, head.choosesInHead());
    }

    @Override
    public void close() {
        head.close();
        sample.close();
    }
}
