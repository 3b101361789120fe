package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.config.ModelConfig;

/** Those of {@link DeviceBackend}'s operations that sample; what they hold on the device is made at the first. */
final class DeviceSamplingBackend implements AutoCloseable {
    private final Device device;
    private final Stream stream;
    private final ModelConfig config;
    private final ModelLimits limits;
    private final CudaOps ops;
    private SamplerMemory samplerMemory;
    private DeviceSampler sampler;

    DeviceSamplingBackend(Device device, Stream stream, ModelConfig config, ModelLimits limits, CudaOps ops) {
        this.device = device;
        this.stream = stream;
        this.config = config;
        this.limits = limits;
        this.ops = ops;
    }

    private DeviceSampler sampler() {
        if (sampler == null) {
            int vocab = config.vocabSize();
            int[] eosTokenIds =
                    config.tokens().eosTokenIds().stream().mapToInt(Integer::intValue).toArray();
            int numValidTokens = OperationBackend.numValidTokens(vocab);
            samplerMemory = new SamplerMemory(device, limits, vocab, numValidTokens);
            sampler = new DeviceSampler(device, stream, ops, samplerMemory, limits,
                    new DeviceSampler.Vocabulary(vocab, numValidTokens, eosTokenIds));
        }
        return sampler;
    }

    void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {
        sampler().start(convSlot, params, tokenIds, promptLength, numTokens);
    }

    StepResult sampleFromHead(float[] x, float[] embedTokens, int k, ForwardBatch batch) {
        int rows = batch.numLogits();
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            DeviceTensor logits = DeviceBackend.tensor(
                    buffers.output("logits", 4L * rows * config.vocabSize()), rows, config.vocabSize());
            DeviceWeight head = buffers.matrices("head", embedTokens, embedTokens.length / k, k, ops.format());
            sampler().chooseInHead(true);
            ops.beginStep(batch);
            ops.logits(logits, DeviceBackend.tensor(buffers.bf16("x", x), rows, k), head);
            StepResult result = run(logits, batch, true);
            sampler().chooseInHead(false);
            return result;
        }
    }

    /** Samples, or only gives log probabilities. */
    StepResult run(float[] logits, ForwardBatch batch, boolean samples) {
        try (DeviceBuffers buffers = new DeviceBuffers(device, stream)) {
            ops.beginStep(batch);
            DeviceTensor in =
                    DeviceBackend.tensor(buffers.float32("logits", logits), batch.numLogits(), config.vocabSize());
            return run(in, batch, samples);
        }
    }

    private StepResult run(DeviceTensor in, ForwardBatch batch, boolean samples) {
        StepResult result = new StepResult(limits.maxNumLogits());
        DeviceSampler own = sampler();
        try (PinnedMemory pinned = device.allocatePinned("results", own.resultBytes())) {
            int rows = batch.numLogits();
            own.beginStep(batch);
            if (samples) {
                own.sample(in);
            }
            boolean wantsLogprobs = own.wantsLogprobs(batch);
            if (wantsLogprobs) {
                own.logprobs(in);
            }
            own.copyResults(pinned.segment(), rows, wantsLogprobs);
            stream.synchronize();
            DeviceSampler.read(pinned.segment(), wantsLogprobs ? own.logprobsIn(pinned.segment()) : null,
                    new ResultRows(rows).keep(batch), result);
        }
        return result;
    }

    @Override
    public void close() {
        if (sampler != null) {
            sampler.close();
            samplerMemory.close();
        }
    }
}
