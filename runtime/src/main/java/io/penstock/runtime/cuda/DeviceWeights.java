package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.WeightFormat;
import io.penstock.kernels.WeightTiles;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.checkpoint.TensorData;
import io.penstock.runtime.model.ModelLoader;
import io.penstock.runtime.model.ModelWeights;
import java.util.Locale;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model's weights in one arena on a device, laid out as the kernels read them. */
final class DeviceWeights implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceWeights.class);

    private final DeviceMemory arena;
    private final ModelWeights weights;
    private final long uploadNs;

    /**
     * Loads all weights and returns when they are there.
     *
     * @param layerLoaded told how far it is, in layers, on this thread
     */
    DeviceWeights(Device device, Stream stream, ModelTensors tensors, IntConsumer layerLoaded) {
        WeightFormat format = WeightFormat.of(device.properties());
        long sizeBytes = sizeBytes(tensors, format);
        arena = device.allocate("weights", sizeBytes);
        WeightLayout layout = new WeightLayout(arena.address(), format);
        weights = new ModelLoader(tensors, layout).load(_ -> { });
        logConversion(layout);
        int numLayers = tensors.config().numLayers();
        long start = System.nanoTime();
        try (WeightUpload upload = new WeightUpload(device, stream, layout.parts())) {
            upload.run(arena, share -> layerLoaded.accept((int) (numLayers * share)));
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
        uploadNs = System.nanoTime() - start;
        double seconds = uploadNs / 1e9;
        LOG.info("weights: {} bytes in {} s, {} GB/s", sizeBytes, String.format(Locale.ROOT, "%.2f", seconds),
                String.format(Locale.ROOT, "%.2f", sizeBytes / seconds / 1e9));
    }

    /** What the arena of a model's weights takes; reads no weight. */
    static long sizeBytes(ModelTensors tensors, WeightFormat format) {
        WeightLayout measured = new WeightLayout(0, format);
        new ModelLoader(tensors, measured).load(_ -> { });
        return measured.sizeBytes();
    }

    private static void logConversion(WeightLayout layout) {
        int numConverted = 0;
        TensorData first = null;
        for (WeightLayout.Part part : layout.parts()) {
            TensorData converted = part.rows().converted();
            if (converted != null) {
                first = first == null ? converted : first;
                numConverted++;
            }
        }
        if (first != null) {
            LOG.info("{} weights are not bfloat16 ({} is {}): they are rounded to it while they are loaded",
                    numConverted, first.name(), first.dtype());
        }
    }

    ModelWeights weights() {
        return weights;
    }

    /** What all weights take. */
    long sizeBytes() {
        return arena.sizeBytes();
    }

    /** How long it took to read and copy them, the arena's allocation not counted. */
    long uploadNs() {
        return uploadNs;
    }

    /** A weight's values [rows, columns], for checks. */
    float[] read(DeviceBuffers buffers, DeviceWeight weight) {
        long offset = weight.address() - arena.address();
        if (weight.format() == WeightFormat.TILES) {
            return readTiles(buffers, weight, offset);
        }
        int numValues = Math.multiplyExact(weight.rows(), weight.columns());
        return weight.elementBytes() == Float.BYTES ? buffers.readFloat32(arena, offset, numValues)
                : buffers.readBf16(arena, offset, numValues);
    }

    private float[] readTiles(DeviceBuffers buffers, DeviceWeight weight, long offset) {
        int k = weight.columns();
        long matrixBytes = weight.format().matrixBytes(weight.matrixRows(), k);
        float[] values = new float[Math.multiplyExact(weight.rows(), k)];
        for (int first = 0; first < weight.rows(); first += weight.matrixRows()) {
            float[] tiles = buffers.readBf16(arena, offset + first / weight.matrixRows() * matrixBytes,
                    Math.toIntExact(matrixBytes / Short.BYTES));
            for (int row = 0; row < weight.matrixRows(); row++) {
                for (int column = 0; column < k; column++) {
                    int inVector = column % Long.BYTES;
                    long at = WeightTiles.offsetBytes(row, column - inVector, k) / Short.BYTES + inVector;
                    values[(first + row) * k + column] = tiles[(int) at];
                }
            }
        }
        return values;
    }

    @Override
    public void close() {
        arena.close();
    }
}
