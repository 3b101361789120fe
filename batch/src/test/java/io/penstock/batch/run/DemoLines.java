package io.penstock.batch.run;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.batch.line.LineFormat;
import io.penstock.batch.line.LineOptions;
import io.penstock.batch.line.PromptTemplate;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Lines for the demo model's tokenizer, good ones and others. */
public final class DemoLines {
    public static final RequestEncoder ENCODER = new RequestEncoder(
            ModelSource.read("penstock-demo", Path.of("..", "models", "penstock-demo"), false), null);

    private DemoLines() {}

    /** @param template null for none */
    public static LineOptions options(String template) {
        return new LineOptions(new LineOptions.Models(List.of("penstock-demo"), false),
                new LineOptions.Plain(template == null ? null : new PromptTemplate(template),
                        JsonNodeFactory.instance.objectNode().put("max_tokens", 20), null, false,
                        LineOptions.Plain.CUSTOM_ID),
                7, 0, true);
    }

    public static LineFormat format() {
        return LineFormat.of(ENCODER, options(null));
    }

    /** Lines of every kind, by a seed: most are good. */
    public static String mixed(int count, long seed) {
        var random = new Random(seed);
        var text = new StringBuilder(random.nextBoolean() ? "\uFEFF" : "");
        for (int i = 0; i < count; i++) {
            text.append(switch (random.nextInt(16)) {
                case 0 -> "";
                case 1 -> "no JSON";
                case 2 -> chat("line " + random.nextInt(count), i);
                case 3 -> "{\"prompt\": \"plain " + i + "\"}";
                case 4 -> "{\"custom_id\": \"c" + i + "\", \"method\": \"POST\", \"url\": \"/v1/completions\","
                        + " \"body\": {\"prompt\": [\"a" + i + "\", \"b\"], \"n\": 2}}";
                case 5 -> "{\"custom_id\": \"t" + i + "\", \"prompt\": \"x\", \"temperature\": \"hot\"}";
                default -> chat("id " + i, i);
            }).append(random.nextInt(5) == 0 ? "\r\n" : "\n");
        }
        return text.toString();
    }

    private static String chat(String id, int i) {
        return "{\"custom_id\": \"" + id + "\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\":"
                + " {\"messages\": [{\"role\": \"user\", \"content\": \"Say " + i + ".\"}]}}";
    }
}
