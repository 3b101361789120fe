package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.AttentionKernel;
import io.penstock.kernels.AttentionPlan;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One token each of many sequences with a context of 1024, or one prompt; every block is of one sequence alone. */
final class AttentionBenchmark implements KernelBenchmark {
    private static final int CONTEXT = 1024;
    private static final int HEAD_DIM = 64;
    private static final int BLOCK_TOKENS = 64;

    private final KernelShape shape;
    private final boolean isDecode;
    private final int numTokens;
    private final int numSeqs;
    private final int context;
    private final int blocksPerSeq;
    private final int numCopies;
    private final BenchmarkMemory.Tensor out;
    private final BenchmarkMemory.Tensor qkv;
    private final BenchmarkMemory.Tensor blocks;
    private final AttentionKernel.StepAddresses step;
    private final AttentionKernel kernel;

    AttentionBenchmark(BenchmarkMemory memory, KernelShape shape, boolean isDecode) {
        this.shape = shape;
        this.isDecode = isDecode;
        numTokens = memory.numTokens();
        numSeqs = isDecode ? numTokens : 1;
        context = isDecode ? CONTEXT : numTokens;
        blocksPerSeq = Math.ceilDiv(context, BLOCK_TOKENS);
        numCopies = memory.numCopies(floorBytes());
        int heads = shape.numHeads() + 2 * shape.numKvHeads();
        out = memory.output("out", 2L * numTokens * shape.numHeads() * HEAD_DIM, numCopies);
        qkv = memory.bf16("qkv", (long) numTokens * heads * HEAD_DIM, numCopies);
        blocks = memory.bf16("KV blocks", (long) numSeqs * blocksPerSeq * blockElements(), numCopies);
        AttentionPlan.Sizes sizes = new AttentionPlan.Sizes(numSeqs, numTokens, context,
                new AttentionPlan.Heads(shape.numHeads() / shape.numKvHeads(), shape.numKvHeads()),
                // A slice has its share of the device: contexts are cut where the whole operation would cut them.
                AttentionPlan.Workers.of(memory.device().properties()).share(shape.numSlices()));
        step = new AttentionKernel.StepAddresses(
                memory.ints("block tables", numSeqs * blocksPerSeq, i -> i).address(0),
                plan(memory, sizes).address(0),
                memory.output("partial results", sizes.partialBytes(), 1).address(0),
                memory.ints("counters", (int) sizes.counterBytes() / Integer.BYTES, i -> 0).address(0));
        kernel = new AttentionKernel(memory.device(), sizes);
    }

    private int blockElements() {
        return shape.numKvHeads() * 2 * BLOCK_TOKENS * HEAD_DIM;
    }

    private BenchmarkMemory.Tensor plan(BenchmarkMemory memory, AttentionPlan.Sizes sizes) {
        AttentionPlan plan = new AttentionPlan(sizes);
        for (int s = 0; s < numSeqs; s++) {
            int tokens = numTokens / numSeqs;
            plan.add(s * tokens, tokens, s, context - tokens);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(sizes.planBytes(), Integer.BYTES);
            plan.write(host, 0);
            return memory.ints("plan", (int) (sizes.planBytes() / Integer.BYTES),
                    i -> host.getAtIndex(ValueLayout.JAVA_INT, i));
        }
    }

    @Override
    public String name() {
        return isDecode
                ? "attention decode " + numTokens + " x " + CONTEXT
                : "attention prefill " + numTokens;
    }

    /** Keys, values, queries, results and block tables. */
    @Override
    public long floorBytes() {
        long keysValues = 2L * 2 * numSeqs * context * shape.numKvHeads() * HEAD_DIM;
        return keysValues + 2L * 2 * numTokens * shape.numHeads() * HEAD_DIM + 4L * numSeqs * blocksPerSeq;
    }

    /** Of a prompt: a token meets its own and the earlier ones. One token a sequence is bound by bytes. */
    @Override
    public long flops() {
        return isDecode ? 0 : 2L * 2 * HEAD_DIM * shape.numHeads() * ((long) numTokens * (numTokens + 1) / 2);
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        // A prompt of one token is a token like any other.
        if (isDecode || numTokens == 1) {
            kernel.launchDecode(stream, out.address(copy), qkv.address(copy), blocks.address(copy), step);
        } else {
            kernel.launchPrefill(stream, out.address(copy), qkv.address(copy), blocks.address(copy), step);
        }
    }

    @Override
    public void close() {
        kernel.close();
    }
}
