package io.penstock.cli;

import io.penstock.bench.gpucheck.EngineTarget;
import io.penstock.runtime.InputException;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.serving.model.ModelSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The model that a check compares with the CPU from its prompts to its tokens, and the prompts. */
final class EndToEndOptions {
    private static final Logger LOG = LoggerFactory.getLogger(EndToEndOptions.class);
    private static final String DEMO = "penstock-demo";

    /** Only the first two where launches are slow; the last is longer than a prefill chunk. */
    private static final List<String> QUESTIONS = List.of(
            "What is a short convolution?",
            "Label this review (positive, negative or mixed): The receipt is in the box. It exceeded my hopes.",
            "Hello",
            "Classify the sentiment of this review as positive, negative or mixed: I went there for lunch. Worth every"
                    + " cent. The battery was well made. The cable was impressive. I paid by card. It broke on the"
                    + " second day, and nobody answered my letters. The box was blue. I would not buy it again.");
    private static final int NUM_TOKENS = 32;
    private static final int NUM_EMULATED = 2;
    private static final int NUM_EMULATED_TOKENS = 8;
    private static final int MAX_RANDOM_PROMPT = 100;

    @Option(
            names = "--model",
            paramLabel = "DIR|ORG/NAME",
            description = "The model that end_to_end runs. Default: the demo model where it lies beside the program,"
                    + " else random weights of its shape.")
    private String model;

    private ModelSource source;

    /** Opens the weights; the caller closes them. */
    ModelTensors open(long seed) {
        try {
            source = ModelSource.read(model == null ? DEMO : model,
                    model == null ? Installation.demoModel() : ModelSource.directory(model), false);
        } catch (InputException e) {
            if (model != null) {
                throw e;
            }
            LOG.info("end_to_end runs random weights of {}: {}", DEMO, e.getMessage());
            return new DummyCheckpoint(ModelShapes.named(DEMO), seed);
        }
        return source.openTensors();
    }

    /** What to run of the weights that were opened. */
    EngineTarget.EndToEnd of(ModelTensors tensors, boolean isEmulated, long seed) {
        List<int[]> prompts = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(seed);
        for (String question : QUESTIONS.subList(0, isEmulated ? NUM_EMULATED : QUESTIONS.size())) {
            prompts.add(source == null
                    ? random.ints(random.nextInt(1, MAX_RANDOM_PROMPT), 0, tensors.config().vocabSize()).toArray()
                    : source.tokenizer().encode("<|startoftext|><|im_start|>user\n" + question
                            + "<|im_end|>\n<|im_start|>assistant\n"));
        }
        return new EngineTarget.EndToEnd(source == null ? DEMO + " with random weights" : source.name(), tensors,
                prompts, isEmulated ? NUM_EMULATED_TOKENS : NUM_TOKENS);
    }

    /** As it was given, for a command line. */
    String command() {
        return model == null ? "" : " --model " + model;
    }
}
