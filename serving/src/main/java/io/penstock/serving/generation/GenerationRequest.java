package io.penstock.serving.generation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.runtime.InputException;
import io.penstock.scheduler.Request;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.ChatInput;
import io.penstock.serving.openai.CompletionRequest;
import io.penstock.serving.openai.RequestOptions;
import io.penstock.serving.openai.ResponseOptions;
import io.penstock.serving.openai.SamplingRequest;
import io.penstock.serving.openai.ToolChoice;
import java.time.Duration;

/**
 * What is to be generated. The request is checked when it is taken up, on the API's side.
 *
 * @param id the caller's own name for it, or null; comes back in the result
 * @param sampling how tokens are chosen, from {@code Penstock.sampling()}; null for that as it is
 * @param numChoices answers to the one prompt, which is computed once
 */
public record GenerationRequest(
        String id, Prompt prompt, SamplingRequest sampling, int numChoices, Options options) {

    /** What is continued. */
    public sealed interface Prompt {}

    /** Messages, which the model's chat template turns into a prompt. */
    public record Chat(ChatInput chat) implements Prompt {}

    /** A text as it is, control tokens included, with nothing put in front. */
    public record Text(String text) implements Prompt {}

    /** Token ids as they are; not copied. */
    public record TokenIds(int[] tokenIds) implements Prompt {}

    /** A prompt that was encoded already, with what is known of it. */
    public record Encoded(EncodedPrompt prompt) implements Prompt {}

    /** A prompt that could not be read: the request's result is this error, and those around it go on. */
    public record Unreadable(InputException reason) implements Prompt {}

    /**
     * How it is handled.
     *
     * @param priority lower goes first
     * @param deadlineNs {@link System#nanoTime} at which it ends with what it has by then, or {@link #NO_DEADLINE}
     * @param cacheSalt only requests with the same one share cached prefixes; null is one, too
     * @param truncatePromptTokens keep that many of the prompt's last tokens; -1 is the model's context; null: all
     * @param promptLogprobs alternatives reported for each prompt token, 0 for its own log probability alone, -1 for
     *     none
     * @param skipSpecialTokens special tokens do not show in the text, but for the marks of thinking and tool calls
     */
    public record Options(
            int priority, long deadlineNs, String cacheSalt, Integer truncatePromptTokens, int promptLogprobs,
            boolean skipSpecialTokens) {
        /** {@link #deadlineNs} of a request that may take as long as it likes. */
        public static final long NO_DEADLINE = Request.NO_DEADLINE;

        /** First come first served, the whole prompt, no log probabilities of it, no special tokens in the text. */
        public static final Options DEFAULTS = new Options(0, null, -1, true);

        /** Without a deadline, and with the cached prefixes of all that name no salt. */
        public Options(int priority, Integer truncatePromptTokens, int promptLogprobs, boolean skipSpecialTokens) {
            this(priority, NO_DEADLINE, null, truncatePromptTokens, promptLogprobs, skipSpecialTokens);
        }

        private static Options of(RequestOptions asked, int promptLogprobs, boolean skipSpecialTokens) {
            return new Options(asked.priority(), NO_DEADLINE, asked.cacheSalt(), asked.truncatePromptTokens(),
                    promptLogprobs, skipSpecialTokens);
        }
    }

    public GenerationRequest {
        if (numChoices < 1 || numChoices > ResponseOptions.MAX_CHOICES) {
            throw new InputException(
                    "n must be between 1 and " + ResponseOptions.MAX_CHOICES + ", not " + numChoices);
        }
    }

    /** One user's message, answered with the model's recommended sampling. */
    public static GenerationRequest chat(String userMessage) {
        ArrayNode messages = JsonNodeFactory.instance.arrayNode();
        messages.addObject().put("role", "user").put("content", userMessage);
        return chat(messages);
    }

    /** OpenAI messages, answered with the model's recommended sampling. */
    public static GenerationRequest chat(ArrayNode messages) {
        return of(new Chat(new ChatInput(messages, null, new ToolChoice(ToolChoice.Mode.AUTO, null), true,
                JsonNodeFactory.instance.objectNode(), true, false)));
    }

    /** A text as it is. */
    public static GenerationRequest text(String text) {
        return of(new Text(text));
    }

    /** Token ids as they are. */
    public static GenerationRequest tokenIds(int... ids) {
        return of(new TokenIds(ids));
    }

    /** What could not be read. */
    public static GenerationRequest unreadable(InputException reason) {
        return of(new Unreadable(reason));
    }

    private static GenerationRequest of(Prompt prompt) {
        return new GenerationRequest(null, prompt, null, 1, Options.DEFAULTS);
    }

    /** A request as OpenAI's clients write it. */
    public static GenerationRequest of(ChatCompletionRequest request) {
        return new GenerationRequest(request.options().requestId(), new Chat(request.chat()), request.sampling(),
                request.response().n(), Options.of(request.options(), request.response().promptLogprobs(),
                request.response().skipSpecialTokens()));
    }

    /**
     * One prompt of a plain completion as OpenAI's clients write it. Echoed log probabilities are those of the prompt;
     * where the echo alone is wanted there is one token of output, for whoever answers to leave out.
     */
    public static GenerationRequest of(CompletionRequest request, io.penstock.serving.openai.Prompt prompt) {
        Prompt made = switch (prompt) {
            case io.penstock.serving.openai.Prompt.Text(String text) -> new Text(text);
            case io.penstock.serving.openai.Prompt.TokenIds(var ids) ->
                    new TokenIds(ids.stream().mapToInt(Integer::intValue).toArray());
        };
        int echoed = request.echo() ? request.sampling().numLogprobs() : -1;
        SamplingRequest sampling = request.isEchoOnly() ? request.sampling().withMaxTokens(1) : request.sampling();
        return new GenerationRequest(request.options().requestId(), made, sampling, request.response().n(),
                Options.of(request.options(), Math.max(echoed, request.response().promptLogprobs()),
                        request.response().skipSpecialTokens()));
    }

    public GenerationRequest withId(String name) {
        return new GenerationRequest(name, prompt, sampling, numChoices, options);
    }

    public GenerationRequest withPrompt(Prompt other) {
        return new GenerationRequest(id, other, sampling, numChoices, options);
    }

    public GenerationRequest withSampling(SamplingRequest wishes) {
        return new GenerationRequest(id, prompt, wishes, numChoices, options);
    }

    public GenerationRequest withChoices(int n) {
        return new GenerationRequest(id, prompt, sampling, n, options);
    }

    public GenerationRequest withOptions(Options handling) {
        return new GenerationRequest(id, prompt, sampling, numChoices, handling);
    }

    /** Lower goes first. */
    public GenerationRequest withPriority(int priority) {
        return withOptions(new Options(priority, options.deadlineNs(), options.cacheSalt(),
                options.truncatePromptTokens(), options.promptLogprobs(), options.skipSpecialTokens()));
    }

    /** Ends with what it has when this time, from now on, is over. */
    public GenerationRequest withTimeout(Duration timeout) {
        return withOptions(new Options(options.priority(), System.nanoTime() + timeout.toNanos(), options.cacheSalt(),
                options.truncatePromptTokens(), options.promptLogprobs(), options.skipSpecialTokens()));
    }

    /** Shares cached prefixes only with requests of the same salt. */
    public GenerationRequest withCacheSalt(String salt) {
        return withOptions(new Options(options.priority(), options.deadlineNs(), salt,
                options.truncatePromptTokens(), options.promptLogprobs(), options.skipSpecialTokens()));
    }
}
