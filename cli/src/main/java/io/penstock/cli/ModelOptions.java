package io.penstock.cli;

import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.serving.model.ModelSource;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that name a model. */
final class ModelOptions {
    enum LoadFormat { AUTO, DUMMY }

    @Option(
            names = "--model",
            paramLabel = "DIR|ORG/NAME",
            description = "A checkpoint's directory, or a model of the hub cache as ORG/NAME[@REVISION]"
                    + " ('penstock pull' fetches it). Default: the bundled demo model.")
    private String model;

    @Option(
            names = "--load-format",
            paramLabel = "FORMAT",
            defaultValue = "AUTO",
            description = "auto reads the weights; dummy makes random ones, for measurements. Default: auto.")
    private LoadFormat loadFormat;

    @Option(
            names = "--shape",
            paramLabel = "NAME",
            description = "With --load-format dummy: the shape of a published model, such as lfm2.5-8b-a1b. The"
                    + " tokenizer is that of --model.")
    private String shape;

    /** The model that was named; reads its configuration and no more. */
    ModelSource resolve() {
        boolean isDummy = loadFormat == LoadFormat.DUMMY;
        if (shape != null && !isDummy) {
            throw new InputException("--shape has no weights to read: add --load-format dummy, or give --model DIR");
        }
        Path directory = directory();
        String name = shape != null ? shape : model == null ? "penstock-demo" : model;
        if (shape == null) {
            return ModelSource.read(name, directory, isDummy);
        }
        ModelConfig config = ModelShapes.named(shape);
        return new ModelSource(name, directory, config, true);
    }

    /** The configuration alone: of the shape, or of the model's {@code config.json}. */
    ModelConfig config() {
        return shape != null ? ModelShapes.named(shape)
                : ModelSource.read(model, directory(), false).config();
    }

    private Path directory() {
        return model == null ? Installation.demoModel() : ModelSource.directory(model);
    }

    /** As the user wrote it, or null. */
    String model() {
        return model;
    }

    String shape() {
        return shape;
    }
}
