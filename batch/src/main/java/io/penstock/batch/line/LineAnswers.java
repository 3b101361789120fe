package io.penstock.batch.line;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.batch.BatchResult;
import io.penstock.runtime.InputException;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.PromptEcho;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.ChatInput;
import io.penstock.serving.openai.CompletionRequest;
import io.penstock.serving.openai.Prompt;
import io.penstock.serving.openai.SamplingRequest;
import io.penstock.serving.openai.response.ChatCompletionResponse;
import io.penstock.serving.openai.response.ChatMessage;
import io.penstock.serving.openai.response.CompletionResponse;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.FinishReason;
import io.penstock.serving.openai.response.JsonBody;
import io.penstock.serving.openai.response.ResponseHeader;
import io.penstock.serving.openai.response.TokenLogprob;
import io.penstock.serving.openai.response.Usage;
import io.penstock.serving.output.OutputFormat;
import io.penstock.serving.output.OutputParser;
import io.penstock.serving.output.ParsedOutput;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Makes the engine's requests of a line, and the line's result of theirs. Any thread may use it. */
public final class LineAnswers {
    private static final int BAD_REQUEST = 400;
    private static final long MASK_31 = 0x7FFF_FFFFL;

    private final RequestEncoder encoder;
    private final LineOptions options;

    public LineAnswers(RequestEncoder encoder, LineOptions options) {
        this.encoder = encoder;
        this.options = options;
    }

    /**
     * A line and its requests.
     *
     * @param line as much of it as its answer needs
     * @param requests tokenized, each with a seed: one, or one for each prompt of a completion
     */
    public record Encoded(Line.Asked line, List<GenerationRequest> requests) {
        public Encoded {
            requests = List.copyOf(requests);
        }
    }

    /**
     * Makes the requests of a line.
     *
     * @throws InputException if it cannot be run
     */
    public Encoded encode(Line.Asked line) {
        return switch (line.body()) {
            case Line.Body.Chat(ChatCompletionRequest request, String rawPrompt) -> {
                GenerationRequest asked = GenerationRequest.of(request);
                EncodedPrompt prompt = rawPrompt == null ? encoder.chat(request.chat()) : encoder.text(rawPrompt);
                yield new Encoded(new Line.Asked(line.number(), line.customId(), line.key(),
                        new Line.Body.Chat(withoutMessages(request), null)),
                        List.of(encoded(line, asked, prompt, 0)));
            }
            case Line.Body.Completion(CompletionRequest request) -> {
                request.requireKnownTokens(encoder.tokenSpace());
                List<GenerationRequest> requests = new ArrayList<>(request.prompts().size());
                for (int p = 0; p < request.prompts().size(); p++) {
                    GenerationRequest asked = GenerationRequest.of(request, request.prompts().get(p));
                    EncodedPrompt prompt = switch (request.prompts().get(p)) {
                        case Prompt.Text(String text) -> encoder.text(text);
                        case Prompt.TokenIds(var ids) ->
                                encoder.tokenIds(ids.stream().mapToInt(Integer::intValue).toArray());
                    };
                    requests.add(encoded(line, asked, prompt, p));
                }
                yield new Encoded(line, requests);
            }
        };
    }

    /** The messages are tokens by now, and a window holds many lines. */
    private static ChatCompletionRequest withoutMessages(ChatCompletionRequest request) {
        ChatInput chat = request.chat();
        ArrayNode nothing = JsonNodeFactory.instance.arrayNode();
        return new ChatCompletionRequest(request.model(), new ChatInput(nothing,
                chat.tools() == null ? null : nothing, chat.toolChoice(), chat.parallelToolCalls(),
                JsonNodeFactory.instance.objectNode(), chat.addGenerationPrompt(), chat.continueFinalMessage()),
                request.sampling(), request.response(), request.options(), request.responseFormat(),
                request.separateReasoning());
    }

    private GenerationRequest encoded(Line.Asked line, GenerationRequest asked, EncodedPrompt prompt, int index) {
        SamplingRequest sampling = asked.sampling();
        if (sampling.seed() == null) {
            long seed = SamplingRequest.choiceSeed(line.key().seed(options.jobSeed()), index) & MASK_31;
            sampling = sampling.withSeed(seed);
        }
        EncodedPrompt kept = encoder.truncated(prompt, asked.options().truncatePromptTokens());
        return asked.withPrompt(new GenerationRequest.Encoded(kept)).withSampling(sampling);
    }

    /** The result of a line whose requests have all been answered without an error. */
    public BatchResult answered(Line.Asked line, List<GenerationResult> results) {
        int numPrompt = 0;
        int numCached = 0;
        int numOutput = 0;
        for (GenerationResult result : results) {
            numPrompt += result.usage().promptTokens();
            numCached += result.usage().cachedTokens();
            numOutput += result.usage().outputTokens();
        }
        var usage = new Usage(numPrompt, numOutput, Usage.UNTOLD);
        String name = options.models().nameOr(line.body().model());
        JsonBody body = switch (line.body()) {
            case Line.Body.Chat(ChatCompletionRequest request, String _) -> {
                String id = line.key().hex();
                var header = new ResponseHeader("chatcmpl-" + id, options.createdSeconds(), name);
                int[] numCalls = {0};
                yield chat(request, results.getFirst(), header, usage, options.separatesReasoning(),
                        () -> "call_" + id + "_" + numCalls[0]++, encoder.tokenizer());
            }
            case Line.Body.Completion(CompletionRequest request) -> completion(request, results,
                    new ResponseHeader("cmpl-" + line.key().hex(), options.createdSeconds(), name), usage);
        };
        return ResultLine.answered(line, ResultLine.OK, body, new BatchResult.Tokens(numPrompt, numCached, numOutput));
    }

    /** The result of a line that cannot be run. */
    public BatchResult refused(Line.Asked line, InputException reason) {
        return ResultLine.answered(line, BAD_REQUEST, ErrorBody.of(reason), BatchResult.Tokens.NONE);
    }

    /** The result of a line that the engine failed at, time and again. */
    public BatchResult failed(Line.Asked line, String message) {
        return ResultLine.unanswered(line.number(), line.customId(), line.key(), "engine_error", message);
    }

    /**
     * A result as an OpenAI {@code chat.completion}.
     *
     * @param separatesReasoning thinking is a field of its own where the request does not say otherwise
     * @param callIds gives each tool call its id
     */
    public static ChatCompletionResponse chat(ChatCompletionRequest request, GenerationResult result,
            ResponseHeader header, Usage usage, boolean separatesReasoning, Supplier<String> callIds,
            Tokenizer tokenizer) {
        OutputFormat format = request.outputFormat(separatesReasoning, result.prompt().startsInThinking());
        boolean withIds = request.response().returnTokenIds();
        List<ChatCompletionResponse.Choice> choices = new ArrayList<>();
        for (GenerationResult.Choice answer : result.choices()) {
            ParsedOutput output = OutputParser.parse(format, answer.text());
            choices.add(new ChatCompletionResponse.Choice(answer.index(), ChatMessage.of(output, callIds),
                    answer.logprobs(), reason(answer).withToolCalls(!output.toolCalls().isEmpty()),
                    answer.stopString(), withIds ? answer.tokenIds() : null));
        }
        return new ChatCompletionResponse(header, choices, usage, withIds ? result.prompt().tokenIds() : null,
                request.response().promptLogprobs() < 0 ? null
                        : result.promptLogprobs().toPromptLogprobs(tokenizer));
    }

    private CompletionResponse completion(CompletionRequest request, List<GenerationResult> results,
            ResponseHeader header, Usage usage) {
        List<CompletionResponse.Choice> choices = new ArrayList<>();
        for (int p = 0; p < results.size(); p++) {
            GenerationResult result = results.get(p);
            var echo = new PromptEcho(request, p, result.prompt(), result.promptLogprobs(), encoder.tokenizer());
            for (GenerationResult.Choice answer : result.choices()) {
                boolean isShown = !request.isEchoOnly();
                List<TokenLogprob> logprobs = echo.logprobs();
                if (logprobs != null && isShown) {
                    logprobs.addAll(answer.logprobs());
                }
                choices.add(new CompletionResponse.Choice(echo.answerIndex(answer.index()),
                        isShown ? echo.text() + answer.text() : echo.text(),
                        logprobs == null ? null : new CompletionResponse.Logprobs(logprobs, 0), reason(answer),
                        answer.stopString(), echo.ids(isShown ? answer.tokenIds() : new int[0], true),
                        echo.logprobsById()));
            }
        }
        return CompletionResponse.whole(header, choices, usage);
    }

    private static FinishReason reason(GenerationResult.Choice choice) {
        return switch (choice.finishReason()) {
            case STOP -> FinishReason.STOP;
            case LENGTH, ABORT, DEADLINE -> FinishReason.LENGTH;
            case ERROR -> throw new IllegalStateException("choice " + choice.index() + " ended in an error");
        };
    }
}
