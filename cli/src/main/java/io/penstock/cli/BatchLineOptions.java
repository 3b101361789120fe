package io.penstock.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.line.LineOptions;
import io.penstock.batch.line.PromptTemplate;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say how a batch's lines are read. */
final class BatchLineOptions {
    private static final String ANY_MODEL = "*";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--template", paramLabel = "TEXT",
            description = "Makes the prompt of each line from its fields, as in 'Classify: {text}'; {a.b} is a field"
                    + " inside another, {{ and }} are braces. Lines then are data: sampling comes from the options.")
    private String template;

    @Option(names = "--id-field", paramLabel = "NAME", defaultValue = LineOptions.Plain.CUSTOM_ID,
            description = "The field of plain lines that holds the custom_id. Default: custom_id, and where a line has"
                    + " none, line-N.")
    private String idField;

    @Option(names = "--system", paramLabel = "TEXT", description = "The system message in front of plain prompts.")
    private String system;

    @Option(names = "--raw", description = "Plain prompts as they are, without the chat template.")
    private boolean raw;

    @Option(names = "--served-model-name", paramLabel = "NAME",
            description = "What lines may call the model; may be given several times, '*' takes any name. Lines that"
                    + " name another one fail. Default: as --model.")
    private List<String> modelNames = List.of();

    boolean hasTemplate() {
        return template != null;
    }

    /** Null for the usual one. */
    String idFieldIfNamed() {
        return idField.equals(LineOptions.Plain.CUSTOM_ID) ? null : idField;
    }

    /** @param sampling for plain lines; its seed is the job's */
    LineOptions resolve(String modelName, SamplingOptions sampling) {
        if (raw && system != null) {
            throw new ParameterException(spec.commandLine(), "--system does not go with --raw, which has no template");
        }
        ObjectNode defaults = JsonNodeFactory.instance.objectNode();
        sampling.applyTo(defaults);
        long seed = defaults.path("seed").asLong(0);
        defaults.remove("seed");
        boolean any = modelNames.contains(ANY_MODEL);
        List<String> named = modelNames.stream().filter(name -> !name.equals(ANY_MODEL)).toList();
        return new LineOptions(new LineOptions.Models(named.isEmpty() ? List.of(modelName) : named, any),
                new LineOptions.Plain(template == null ? null : new PromptTemplate(template), defaults, system, raw,
                        idField),
                seed, 0, true);
    }

    /** Adds what results depend on. */
    static void describe(LineOptions options, ObjectNode settings) {
        LineOptions.Plain plain = options.plain();
        settings.put("template", plain.template() == null ? null : plain.template().toString());
        settings.put("id_field", plain.idField());
        settings.put("system", plain.system());
        settings.put("raw", plain.isRaw());
        settings.set("sampling", plain.defaults());
        settings.put("seed", options.jobSeed());
        options.models().names().forEach(settings.putArray("served_model_name")::add);
        settings.put("any_model_name", options.models().any());
    }
}
