package io.penstock.cli;

import io.penstock.runtime.InputException;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.config.GenerationConfig;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.SamplingDefaults;
import io.penstock.serving.openai.TokenSpace;
import io.penstock.serving.openai.ToolChoice;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;

/** All of a model but its weights: how requests become token ids and sampling parameters. */
final class Conversation {
    private final ModelSource source;
    private final Tokenizer tokenizer;
    private final SamplingDefaults defaults;
    private final ChatPrompt template;
    private final SecureRandom seeds = new SecureRandom();

    /** @param template null where only raw prompts will come */
    Conversation(ModelSource source, ChatPrompt template) {
        this.source = source;
        tokenizer = source.tokenizer();
        GenerationConfig config = source.generationConfig();
        defaults = new SamplingDefaults(config.effectiveTemperature(), config.filters().topK(),
                config.filters().topP(), config.filters().minP(), config.repetitionPenalty());
        this.template = template;
    }

    /** A prompt as ids, and whether an answer begins inside its thinking. */
    record Prompt(int[] tokenIds, boolean startsInThinking) {
        Prompt {
            if (tokenIds.length == 0) {
                throw new InputException("the prompt is empty: give at least one character");
            }
        }
    }

    ModelSource source() {
        return source;
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    SamplingDefaults defaults() {
        return defaults;
    }

    /** The request's conversation by the chat template. */
    Prompt prompt(ChatCompletionRequest request) {
        refuseUnsupported(request);
        int[] ids = template.encode(request.chat(), tokenizer);
        return truncated(new Prompt(ids, ChatPrompt.endsInThinking(ids, tokenizer)),
                request.options().truncatePromptTokens());
    }

    /** A text as it is, control tokens included. */
    Prompt raw(String text) {
        int[] ids = tokenizer.encode(text);
        return new Prompt(ids, ChatPrompt.endsInThinking(ids, tokenizer));
    }

    private static void refuseUnsupported(ChatCompletionRequest request) {
        if (request.responseFormat() != null) {
            throw new InputException("response_format " + request.responseFormat().get("type")
                    + " is not supported: leave it out and ask for the format in the messages");
        }
        ToolChoice.Mode mode = request.chat().toolChoice().mode();
        if (mode == ToolChoice.Mode.REQUIRED || mode == ToolChoice.Mode.FUNCTION) {
            throw new InputException(
                    "tool_choice must be \"auto\" or \"none\": a call cannot be demanded of the model");
        }
    }

    private Prompt truncated(Prompt prompt, Integer numTokens) {
        if (numTokens == null) {
            return prompt;
        }
        int kept = numTokens < 0 ? source.config().dimensions().maxPositionEmbeddings() - 1 : numTokens;
        int[] ids = prompt.tokenIds;
        return ids.length <= kept ? prompt
                : new Prompt(Arrays.copyOfRange(ids, ids.length - kept, ids.length), prompt.startsInThinking);
    }

    /** Prompt and output tokens of a request, or 0 where it does not limit its output. */
    static int numTokensWanted(ChatCompletionRequest request, Prompt prompt) {
        Integer maxTokens = request.sampling().stop().maxTokens();
        return maxTokens == null ? 0 : (int) Math.min(Integer.MAX_VALUE, (long) prompt.tokenIds.length + maxTokens);
    }

    /**
     * The parameters of each choice.
     *
     * @throws InputException where prompt and output do not fit
     */
    List<SamplingParams> samplingParams(ChatCompletionRequest request, Prompt prompt, int modelLen) {
        int length = prompt.tokenIds.length;
        if (length >= modelLen) {
            throw new InputException("the prompt has " + length + " tokens, but the context holds " + modelLen
                    + ": shorten it or raise --max-model-len (the model's own is "
                    + source.config().dimensions().maxPositionEmbeddings() + ")");
        }
        return request.sampling().toSamplingParams(request.response().n(), modelLen - length,
                new TokenSpace(tokenizer.vocabSize(), tokenizer::encodeAsText), seeds::nextLong);
    }
}
