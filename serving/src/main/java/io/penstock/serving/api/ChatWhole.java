package io.penstock.serving.api;

import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.response.ChatCompletionResponse;
import io.penstock.serving.openai.response.ChatMessage;
import io.penstock.serving.openai.response.PromptLogprobs;
import io.penstock.serving.openai.response.ResponseHeader;
import io.penstock.serving.output.OutputFormat;
import io.penstock.serving.output.OutputParser;
import io.penstock.serving.output.ParsedOutput;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.OutputRun;
import java.util.ArrayList;
import java.util.List;

/** A chat answer in one piece. */
final class ChatWhole extends AnswerSink {
    private final ChatCompletionRequest request;
    private final ResponseHeader header;
    private final CollectedChoices collected;
    private EncodedPrompt prompt;
    private PromptLogprobs promptLogprobs;

    ChatWhole(ApiContext api, HttpExchange exchange, ChatCompletionRequest request, ResponseHeader header) {
        super(api, exchange);
        this.request = request;
        this.header = header;
        collected = new CollectedChoices(request.response().n(), request.sampling().numLogprobs() >= 0,
                request.response().returnTokenIds());
    }

    @Override
    public void started(EncodedPrompt encoded) {
        prompt = encoded;
    }

    @Override
    public void promptLogprobs(Logprobs logprobs) {
        promptLogprobs = logprobs.toPromptLogprobs(api.tokenizer());
    }

    @Override
    public void output(OutputRun run) {
        collected.output(run, withTexts(run.logprobs()));
    }

    @Override
    public void finished(ChoiceEnd end) {
        if (!tellIfAborted(end)) {
            collected.finished(end);
        }
    }

    @Override
    public void ended() {
        if (exchange.isOver()) {
            return;
        }
        OutputFormat format = request.outputFormat(api.separatesReasoning(), prompt.startsInThinking());
        List<ChatCompletionResponse.Choice> choices = new ArrayList<>();
        for (int i = 0; i < collected.size(); i++) {
            ChoiceEnd end = collected.end(i);
            ParsedOutput output = OutputParser.parse(format, collected.text(i));
            choices.add(new ChatCompletionResponse.Choice(i, ChatMessage.of(output, () -> Ids.next("call_")),
                    collected.logprobs(i), wire(end.reason()).withToolCalls(!output.toolCalls().isEmpty()),
                    end.stopString(), collected.tokenIds(i)));
        }
        boolean withIds = request.response().returnTokenIds();
        exchange.respond(200, new ChatCompletionResponse(header, choices,
                collected.usage(prompt.tokenIds().length), withIds ? prompt.tokenIds() : null, promptLogprobs));
    }
}
