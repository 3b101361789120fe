package io.penstock.runtime.cpu;

import io.penstock.runtime.checkpoint.TensorData;
import io.penstock.runtime.model.Weight;
import io.penstock.runtime.model.WeightFactory;
import java.lang.foreign.Arena;

/** Packs checkpoint tensors into the panels of the CPU kernels; the arena given owns them. */
final class CpuWeights implements WeightFactory {
    private final Arena arena;

    CpuWeights(Arena arena) {
        this.arena = arena;
    }

    @Override
    public Weight matrix(TensorData... parts) {
        return PackedMatrix.of(arena, parts);
    }

    @Override
    public Weight router(TensorData gate) {
        return matrix(gate);
    }

    @Override
    public Weight gateUp(TensorData gate, TensorData up) {
        return PackedMatrix.gateUp(arena, gate, up);
    }

    @Override
    public Weight inProj(TensorData matrix) {
        return PackedMatrix.of(arena, matrix);
    }

    @Override
    public Weight experts(TensorData[] matrices) {
        PackedMatrix[] experts = new PackedMatrix[matrices.length];
        for (int e = 0; e < experts.length; e++) {
            experts[e] = PackedMatrix.of(arena, matrices[e]);
        }
        return new PackedExperts(experts);
    }

    @Override
    public Weight expertsGateUp(TensorData[] gates, TensorData[] ups) {
        PackedMatrix[] experts = new PackedMatrix[gates.length];
        for (int e = 0; e < experts.length; e++) {
            experts[e] = PackedMatrix.gateUp(arena, gates[e], ups[e]);
        }
        return new PackedExperts(experts);
    }

    @Override
    public Weight vector(TensorData vector) {
        float[] values = new float[Math.toIntExact(vector.numElements())];
        vector.readFloats(0, values, 0, values.length);
        return new CpuVector(values, 1, values.length);
    }

    @Override
    public Weight bias(TensorData vector) {
        return vector(vector);
    }

    @Override
    public Weight conv(TensorData taps) {
        float[] byChannel = new float[Math.toIntExact(taps.numElements())];
        taps.readFloats(0, byChannel, 0, byChannel.length);
        int hidden = Math.toIntExact(taps.shape()[0]);
        int numTaps = byChannel.length / hidden;
        float[] byTap = new float[byChannel.length];
        for (int c = 0; c < hidden; c++) {
            for (int i = 0; i < numTaps; i++) {
                byTap[i * hidden + c] = byChannel[c * numTaps + i];
            }
        }
        return new CpuVector(byTap, numTaps, hidden);
    }
}
