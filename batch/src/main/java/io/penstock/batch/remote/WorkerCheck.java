package io.penstock.batch.remote;

import io.penstock.serving.grpc.wire.GetModelInfoResponse;
import io.penstock.serving.grpc.wire.GetServerInfoResponse;
import io.penstock.serving.model.ModelSource;
import java.util.Arrays;
import java.util.List;

/**
 * Whether a worker runs what a job is of. The protocol says little of a model; what it says must be the same.
 *
 * @param maxModelLen tokens that prompt and output may have together
 * @param dtype the numbers that it computes in; null for any
 */
public record WorkerCheck(ModelSource source, int maxModelLen, String dtype) {
    /** What is wrong, in one line, or null. */
    String problem(GetModelInfoResponse model, GetServerInfoResponse server) {
        if (model.getVocabSize() != source.config().vocabSize()) {
            return "its model has " + model.getVocabSize() + " tokens, and that of --model "
                    + source.config().vocabSize() + ": both must be the same model";
        }
        List<Integer> ends = Arrays.stream(source.eosTokenIds()).boxed().toList();
        if (!List.copyOf(model.getEosTokenIdsList()).equals(ends)) {
            return "its model ends with the tokens " + model.getEosTokenIdsList() + ", and that of --model with " + ends
                    + ": both must be the same model";
        }
        if (model.getMaxContextLength() < maxModelLen) {
            return "its --max-model-len is " + model.getMaxContextLength() + ": raise it to " + maxModelLen
                    + ", or lower that of this command";
        }
        if (dtype != null && !server.getModelDtype().equals(dtype)) {
            return "it computes in " + server.getModelDtype() + ", and the job in " + dtype + ": answers would differ";
        }
        return null;
    }
}
