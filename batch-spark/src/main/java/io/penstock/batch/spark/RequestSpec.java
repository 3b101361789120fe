package io.penstock.batch.spark;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.line.LineOptions;
import io.penstock.batch.line.PromptTemplate;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.SamplingDefaults;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * What is asked of the model for each row, as it travels to the executors.
 *
 * @param template a prompt with columns in it; null for none
 * @param defaults fields of an OpenAI request as JSON, for those that a row leaves out
 * @param jobSeed what rows' seeds are made of, together with their names
 */
record RequestSpec(Columns columns, String template, String system, boolean isRaw, String defaults, long jobSeed)
        implements Serializable {
    /** What a row is asked by. */
    enum Kind { PROMPT, MESSAGES, BODY, TEMPLATE }

    /**
     * What is read of a row.
     *
     * @param input the column of that kind; null where a template is made of all
     * @param id the column that names rows; null for their content
     */
    record Columns(Kind kind, String input, String id) implements Serializable {}

    private static final List<TransformOption> INPUTS = List.of(TransformOption.PROMPT, TransformOption.MESSAGES,
            TransformOption.BODY, TransformOption.TEMPLATE);

    /** @throws InputException if an option's value is none, or options exclude each other */
    static RequestSpec of(OptionValues options) {
        List<TransformOption> inputs = INPUTS.stream().filter(options::has).toList();
        if (inputs.size() != 1) {
            throw new InputException("give one of the options prompt, messages, body and template"
                    + (inputs.isEmpty() ? "" : ", not " + String.join(" and ",
                            inputs.stream().map(TransformOption::optionName).toList())));
        }
        Kind kind = Kind.valueOf(inputs.getFirst().name());
        boolean isRaw = options.flag(TransformOption.RAW, false);
        boolean hasPrompt = kind == Kind.PROMPT || kind == Kind.TEMPLATE;
        if (isRaw && (!hasPrompt || options.has(TransformOption.SYSTEM))) {
            throw new InputException("option raw is for prompts and templates without a system message");
        }
        if (options.has(TransformOption.SYSTEM) && !hasPrompt) {
            throw new InputException("option system is for prompts and templates: " + inputs.getFirst().optionName()
                    + " have their own");
        }
        ObjectNode defaults = defaults(options);
        if (kind == Kind.BODY && !defaults.isEmpty()) {
            throw new InputException("a body has all of its request's fields: leave out the options "
                    + String.join(", ", names(defaults)));
        }
        String template = options.text(TransformOption.TEMPLATE);
        if (template != null) {
            new PromptTemplate(template);
        }
        var columns = new Columns(kind, kind == Kind.TEMPLATE ? null : options.text(inputs.getFirst()),
                options.text(TransformOption.ID));
        var spec = new RequestSpec(columns, template, options.text(TransformOption.SYSTEM), isRaw,
                defaults.toString(), options.longInteger(TransformOption.SEED, 0));
        spec.requireFields();
        return spec;
    }

    private static List<String> names(ObjectNode fields) {
        return fields.properties().stream().map(Map.Entry::getKey).toList();
    }

    private static ObjectNode defaults(OptionValues options) {
        ObjectNode fields = options.has(TransformOption.REQUEST)
                ? StrictJson.parseObject(options.text(TransformOption.REQUEST).getBytes(StandardCharsets.UTF_8),
                        "option request")
                : JsonNodeFactory.instance.objectNode();
        for (TransformOption option : List.of(TransformOption.TEMPERATURE, TransformOption.TOP_P,
                TransformOption.MIN_P)) {
            if (options.has(option)) {
                fields.put(option.optionName(), options.number(option, 0));
            }
        }
        for (TransformOption option : List.of(TransformOption.TOP_K, TransformOption.MAX_TOKENS)) {
            if (options.has(option)) {
                fields.put(option.optionName(), options.integer(option));
            }
        }
        return fields;
    }

    /** Refuses on the driver what every row would be refused for. */
    private void requireFields() {
        ObjectNode body = defaultFields();
        body.putArray("messages").addObject().put("role", "user").put("content", "");
        if (ChatCompletionRequest.parse(body, SamplingDefaults.NEUTRAL).response().n() != 1) {
            throw new InputException("option request: n must be 1, a row has one answer: repeat rows under names of"
                    + " their own instead");
        }
    }

    ObjectNode defaultFields() {
        return StrictJson.parseObject(defaults.getBytes(StandardCharsets.UTF_8), "option request");
    }

    /** This as the lines of a batch job are read and answered. */
    LineOptions lineOptions(String model) {
        var plain = new LineOptions.Plain(template == null ? null : new PromptTemplate(template), defaultFields(),
                system, isRaw, LineOptions.Plain.CUSTOM_ID);
        return new LineOptions(new LineOptions.Models(List.of(model), true), plain, jobSeed, 0, false);
    }
}
