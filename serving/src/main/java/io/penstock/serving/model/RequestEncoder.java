package io.penstock.serving.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.TokenGrammar;
import io.penstock.runtime.config.GenerationConfig;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.grammar.Grammars;
import io.penstock.serving.grammar.OutputForm;
import io.penstock.serving.grammar.Reasoning;
import io.penstock.serving.grammar.TokenTrie;
import io.penstock.serving.openai.BadRequestException;
import io.penstock.serving.openai.ChatInput;
import io.penstock.serving.openai.SamplingDefaults;
import io.penstock.serving.openai.SamplingRequest;
import io.penstock.serving.openai.TokenSpace;
import io.penstock.serving.openai.ToolChoice;
import io.penstock.serving.output.ToolCall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * All of a model but its weights: how conversations and texts become token ids, and wishes sampling parameters. Any
 * thread may use it.
 */
public final class RequestEncoder {
    private static final String TURN_MARK = "<|im_start|>";

    private final ModelSource source;
    private final Tokenizer tokenizer;
    private final TokenSpace tokenSpace;
    private final SamplingDefaults defaults;
    private final String templateName;
    private ChatPrompt template;
    private Grammars grammars;

    /**
     * Reads the tokenizer and the recommended sampling; the chat template when the first conversation comes.
     *
     * @param templateName a template's file or name instead of the checkpoint's own; null for that
     */
    public RequestEncoder(ModelSource source, String templateName) {
        this.source = source;
        this.templateName = templateName;
        tokenizer = source.tokenizer();
        tokenSpace = new TokenSpace(tokenizer.vocabSize(), tokenizer::encodeAsText);
        GenerationConfig config = source.generationConfig();
        defaults = new SamplingDefaults(config.effectiveTemperature(), config.filters().topK(),
                config.filters().topP(), config.filters().minP(), config.repetitionPenalty());
    }

    public ModelSource source() {
        return source;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** What requests must know of the tokenizer. */
    public TokenSpace tokenSpace() {
        return tokenSpace;
    }

    /** What the model's makers recommend for fields that a request leaves out. */
    public SamplingDefaults defaults() {
        return defaults;
    }

    /** Reads the chat template now; a bad or missing one is an {@link InputException}. */
    public synchronized void requireTemplate() {
        if (template == null) {
            template = ChatPrompt.load(source, templateName);
        }
    }

    /** A conversation by the chat template. */
    public EncodedPrompt chat(ChatInput chat) {
        requireTemplate();
        EncodedPrompt prompt = encoded(template.encode(chat, tokenizer));
        return new EncodedPrompt(prompt.tokenIds(), prompt.startsInThinking(), true, demandedCalls(chat));
    }

    /** What a tool_choice demands: calls of any tool, or one call of the named one; null where it demands none. */
    private static OutputForm.ToolCalls demandedCalls(ChatInput chat) {
        ToolChoice choice = chat.toolChoice();
        if (choice.mode() != ToolChoice.Mode.REQUIRED && choice.mode() != ToolChoice.Mode.FUNCTION) {
            return null;
        }
        List<OutputForm.Tool> tools = new ArrayList<>();
        for (JsonNode tool : chat.tools()) {
            JsonNode function = tool.get("function");
            String name = function.get("name").textValue();
            if (choice.mode() == ToolChoice.Mode.REQUIRED || name.equals(choice.function())) {
                JsonNode parameters = function.get("parameters");
                tools.add(new OutputForm.Tool(name, parameters == null || parameters.isNull() ? null : parameters));
            }
        }
        return new OutputForm.ToolCalls(tools,
                choice.mode() == ToolChoice.Mode.REQUIRED && chat.parallelToolCalls());
    }

    /** A text as it is, control tokens included, with nothing put in front. */
    public EncodedPrompt text(String text) {
        return encoded(tokenizer.encode(text));
    }

    /** Ids as they are; one that the model does not have is refused. */
    public EncodedPrompt tokenIds(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= tokenizer.vocabSize()) {
                throw new InputException("prompt must hold token ids between 0 and " + (tokenizer.vocabSize() - 1)
                        + ", not " + id);
            }
        }
        return encoded(ids);
    }

    private EncodedPrompt encoded(int[] ids) {
        return new EncodedPrompt(ids, ChatPrompt.endsInThinking(ids, tokenizer), isChat(ids), null);
    }

    /** Gateways send chats as tokens: what has a turn's mark in it is one. */
    private boolean isChat(int[] ids) {
        int mark = tokenizer.idOf(TURN_MARK).orElse(-1);
        return Arrays.stream(ids).anyMatch(id -> id == mark);
    }

    /**
     * Keeps the last tokens of a prompt.
     *
     * @param numTokens how many; -1 for what the model was trained for, null for all
     */
    public EncodedPrompt truncated(EncodedPrompt prompt, Integer numTokens) {
        if (numTokens == null) {
            return prompt;
        }
        int kept = numTokens < 0 ? source.config().dimensions().maxPositionEmbeddings() - 1 : numTokens;
        int[] ids = prompt.tokenIds();
        return ids.length <= kept ? prompt
                : new EncodedPrompt(Arrays.copyOfRange(ids, ids.length - kept, ids.length), prompt.startsInThinking(),
                        prompt.isChat(), prompt.calls());
    }

    /**
     * The parameters of each of {@code n} choices.
     *
     * @param modelLen tokens that prompt and output may have together
     * @param seeds gives a seed where the request has none
     * @throws InputException where prompt and output do not fit
     */
    public List<SamplingParams> samplingParams(
            SamplingRequest sampling, int n, EncodedPrompt prompt, int modelLen, LongSupplier seeds) {
        int length = prompt.tokenIds().length;
        if (length >= modelLen) {
            throw new BadRequestException("the prompt has " + length + " tokens, but the context holds " + modelLen
                    + ": shorten it or raise --max-model-len (the model's own is "
                    + source.config().dimensions().maxPositionEmbeddings() + ")", null,
                    BadRequestException.CONTEXT_LENGTH_EXCEEDED);
        }
        return sampling.toSamplingParams(n, modelLen - length, tokenSpace, seeds, grammar(sampling, prompt));
    }

    /** The outputs that tool calls, or else the demanded form, permit; null for all. */
    private TokenGrammar grammar(SamplingRequest sampling, EncodedPrompt prompt) {
        SamplingRequest.Demand demand = prompt.calls() == null ? sampling.constraints().demand()
                : new SamplingRequest.Demand(prompt.calls(), "tools");
        if (demand == null) {
            return null;
        }
        Reasoning reasoning = prompt.startsInThinking() ? Reasoning.BEGUN
                : prompt.isChat() ? Reasoning.POSSIBLE : Reasoning.NONE;
        try {
            return grammars().compile(demand.form(), reasoning);
        } catch (InputException e) {
            throw new BadRequestException(demand.param() + ": " + e.getMessage(), demand.param());
        }
    }

    /** The vocabulary is put in order when the first form is demanded. */
    private synchronized Grammars grammars() {
        if (grammars == null) {
            grammars = new Grammars(new TokenTrie(tokenizer, source.eosTokenIds()), ToolCall::isName);
        }
        return grammars;
    }
}
