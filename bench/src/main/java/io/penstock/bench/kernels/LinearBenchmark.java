package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.TileTable;
import io.penstock.kernels.WeightFormat;

/** A projection with its weights read anew each time, in each of its forms. */
final class LinearBenchmark implements KernelBenchmark {
    /** What becomes of the sums. */
    enum Form {
        BFLOAT16("linear", 1, Short.BYTES),
        FLOAT32("linear float32", 1, Float.BYTES),
        SILU_AND_MUL("linear silu_and_mul", 2, Short.BYTES);

        private final String name;
        private final int rowsPerColumn;
        private final int outputBytes;

        Form(String name, int rowsPerColumn, int outputBytes) {
            this.name = name;
            this.rowsPerColumn = rowsPerColumn;
            this.outputBytes = outputBytes;
        }
    }

    private final Form form;
    private final int numTokens;
    private final int numColumns;
    private final int k;
    private final int numCopies;
    private final BenchmarkMemory.Tensor y;
    private final BenchmarkMemory.Tensor x;
    private final BenchmarkMemory.Tensor weight;
    private final LinearKernel kernel;

    /** @param format as the model has the weight on the device */
    LinearBenchmark(BenchmarkMemory memory, Form form, WeightFormat format, int numColumns, int k) {
        this(memory, form, format, numColumns, k, TileTable.BUILT_IN);
    }

    /** @param tiles how products on tiles are cut */
    LinearBenchmark(
            BenchmarkMemory memory, Form form, WeightFormat format, int numColumns, int k, TileTable tiles) {
        this.form = form;
        this.numColumns = numColumns;
        this.k = k;
        numTokens = memory.numTokens();
        numCopies = memory.numCopies(floorBytes());
        y = memory.output("y", (long) form.outputBytes * numTokens * numColumns, numCopies);
        x = memory.bf16("x", (long) numTokens * k, numCopies);
        weight = memory.bf16(
                "weight", format.matrixBytes(form.rowsPerColumn * numColumns, k) / Short.BYTES, numCopies);
        kernel = LinearKernel.of(memory.device(), format, tiles);
    }

    private long weightLength() {
        return (long) form.rowsPerColumn * numColumns * k;
    }

    @Override
    public String name() {
        return form.name + " " + numTokens + " x " + numColumns + " x " + k;
    }

    @Override
    public long floorBytes() {
        return (long) form.outputBytes * numTokens * numColumns
                + Short.BYTES * ((long) numTokens * k + weightLength());
    }

    @Override
    public long flops() {
        return 2L * numTokens * weightLength();
    }

    @Override
    public int numCopies() {
        return numCopies;
    }

    @Override
    public void launch(Stream stream, int copy) {
        long out = y.address(copy);
        long in = x.address(copy);
        long matrix = weight.address(copy);
        switch (form) {
            case BFLOAT16 -> kernel.launch(stream, out, in, matrix, numTokens, numColumns, k);
            case FLOAT32 -> kernel.launchFloat32(stream, out, in, matrix, numTokens, numColumns, k);
            case SILU_AND_MUL -> kernel.launchSiluAndMul(stream, out, in, matrix, numTokens, numColumns, k);
        }
    }

    @Override
    public void close() {
        kernel.close();
    }
}
