package io.penstock.bench.loadgen.workload;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.runtime.InputException;
import io.penstock.runtime.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** Requests from files of prompts. */
final class FilePrompts {
    private static final int DEFAULT_OUTPUT_LEN = 256;
    // What vllm bench keeps of ShareGPT: nothing very short, nothing that older models could not hold.
    private static final int MIN_TOKENS = 4;
    private static final int MAX_PROMPT_TOKENS = 1024;
    private static final int MAX_TOKENS = 2048;

    private FilePrompts() {}

    /** A prompt with the lengths that are known of it. */
    private record Sample(Prompt prompt, int inputTokens, int outputTokens) {}

    /** {@code [{"conversations": [{"from", "value"}, …]}, …]}: the first turn asked, the answer's length given. */
    static List<LoadRequest> shareGpt(WorkloadOptions options, Tokenizer tokenizer) {
        if (tokenizer == null) {
            throw new InputException("the lengths of ShareGPT's answers need a tokenizer: give --tokenizer DIR");
        }
        var file = new DatasetFile(options);
        List<DatasetFile.Entry> usable = new ArrayList<>();
        for (DatasetFile.Entry entry : file.entries()) {
            JsonNode turns = turns(entry);
            if (turns.size() >= 2) {
                usable.add(entry);
            }
        }
        // Tokenizing takes longer than choosing: only as many are taken apart as are wanted.
        List<Sample> samples = new ArrayList<>();
        for (DatasetFile.Entry entry : new DatasetFile(options.withoutLimit()).taken(usable)) {
            Sample sample = shareGptSample(entry, options, tokenizer);
            if (sample != null) {
                samples.add(sample);
            }
            if (samples.size() == options.numPrompts()) {
                break;
            }
        }
        return numbered(new DatasetFile(options.inOrder()).taken(samples));
    }

    private static JsonNode turns(DatasetFile.Entry entry) {
        JsonNode turns = entry.json().has("conversations") ? entry.json().get("conversations")
                : entry.json().path("conversation");
        if (!turns.isArray()) {
            throw entry.wrong("ShareGPT has an array 'conversations' there; is it another format? Give"
                    + " --dataset-name custom for lines with 'prompt'");
        }
        return turns;
    }

    private static Sample shareGptSample(DatasetFile.Entry entry, WorkloadOptions options, Tokenizer tokenizer) {
        JsonNode turns = turns(entry);
        String question = turns.get(0).path("value").asText("");
        int input = tokenizer.encodeAsText(question).length;
        int output = options.outputLen() > 0 ? options.outputLen()
                : tokenizer.encodeAsText(turns.get(1).path("value").asText("")).length;
        boolean isShort = input < MIN_TOKENS || options.outputLen() == 0 && output < MIN_TOKENS;
        return isShort || input > MAX_PROMPT_TOKENS || input + output > MAX_TOKENS ? null
                : new Sample(new Prompt.Text(question), input, output);
    }

    /** Lines with {@code prompt} (a text, token ids or messages) or {@code messages}, and perhaps a length. */
    static List<LoadRequest> custom(WorkloadOptions options, Tokenizer tokenizer) {
        var file = new DatasetFile(options);
        List<Sample> samples = new ArrayList<>();
        for (DatasetFile.Entry entry : file.taken(file.entries())) {
            Prompt prompt = prompt(entry, options.isChat());
            samples.add(new Sample(prompt, inputTokens(prompt, tokenizer), outputTokens(entry, options)));
        }
        return numbered(samples);
    }

    private static int outputTokens(DatasetFile.Entry entry, WorkloadOptions options) {
        for (String key : new String[] {"output_tokens", "max_tokens"}) {
            if (options.outputLen() == 0 && entry.json().path(key).isInt()) {
                return entry.json().get(key).intValue();
            }
        }
        return options.outputLen() > 0 ? options.outputLen() : DEFAULT_OUTPUT_LEN;
    }

    private static int inputTokens(Prompt prompt, Tokenizer tokenizer) {
        return switch (prompt) {
            case Prompt.TokenIds(int[] ids) -> ids.length;
            case Prompt.Text(String text) -> tokenizer == null ? 0 : tokenizer.encode(text).length;
            case Prompt.Messages _ -> 0;
        };
    }

    private static Prompt prompt(DatasetFile.Entry entry, boolean isChat) {
        JsonNode prompt = entry.json().has("prompt") ? entry.json().get("prompt") : entry.json().get("messages");
        switch (prompt) {
            case null -> throw entry.wrong("'prompt' or 'messages' is needed");
            case ArrayNode ids when ids.size() > 0 && ids.get(0).isInt() -> {
                if (isChat) {
                    throw entry.wrong("token ids are for --backend openai and vllm-grpc, not for a chat");
                }
                int[] values = new int[ids.size()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = ids.get(i).intValue();
                }
                return new Prompt.TokenIds(values);
            }
            case ArrayNode messages when messages.size() > 0 && messages.get(0).isObject() -> {
                if (!isChat) {
                    throw entry.wrong("messages are for --backend openai-chat");
                }
                return new Prompt.Messages(messages);
            }
            case JsonNode text when text.isTextual() -> {
                return new Prompt.Text(text.textValue());
            }
            default -> throw entry.wrong("'prompt' must be a text, token ids or messages");
        }
    }

    private static List<LoadRequest> numbered(List<Sample> samples) {
        List<LoadRequest> requests = new ArrayList<>();
        for (Sample sample : samples) {
            requests.add(new LoadRequest(
                    requests.size(), sample.prompt(), sample.inputTokens(), sample.outputTokens()));
        }
        return requests;
    }
}
