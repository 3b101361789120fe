package io.penstock.serving.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.openai.client.OpenAIClient;
import com.openai.client.OpenAIClientAsync;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.client.okhttp.OpenAIOkHttpClientAsync;
import com.openai.core.JsonValue;
import com.openai.core.http.AsyncStreamResponse;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionNamedToolChoice;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.models.Model;
import io.penstock.serving.http.HttpLimits;
import io.penstock.serving.stream.StreamLimits;
import io.penstock.serving.stream.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The official Java client against the server. */
class OpenAiClientTest {
    private static final String KEY = "a-key";
    private static final String SUM = "What is 27 + 15?";

    private static DemoApi api;
    private static OpenAIClient client;

    /** A class whose schema the client derives, and which it reads the answer into. */
    public static final class Person {
        public String name;
        public int age;
        public List<String> hobbies;
    }

    @BeforeAll
    static void start() {
        api = new DemoApi(StreamLimits.DEFAULTS.withMaxOpenSequences(4), HttpLimits.DEFAULTS,
                () -> StreamObserver.NONE, KEY);
        client = client(KEY);
    }

    @AfterAll
    static void end() {
        client.close();
        api.close();
    }

    @AfterEach
    void nothingRunsOn() throws InterruptedException {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (api.engine.numOpen() > 0) {
            assertTrue(System.nanoTime() < endNs, () -> api.engine.numOpen() + " requests are open");
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private static OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder().baseUrl("http://127.0.0.1:" + api.port() + "/v1").apiKey(key)
                .maxRetries(0).timeout(Duration.ofSeconds(120)).build();
    }

    private static ChatCompletionCreateParams.Builder chat(String question) {
        return ChatCompletionCreateParams.builder().model(DemoApi.MODEL).temperature(0).addUserMessage(question)
                .putAdditionalBodyProperty("repetition_penalty", JsonValue.from(1));
    }

    private static ChatCompletionFunctionTool weatherTool() {
        return ChatCompletionFunctionTool.builder().function(FunctionDefinition.builder().name("get_weather")
                .description("The weather of a city").parameters(FunctionParameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty("properties",
                                JsonValue.from(Map.of("city", Map.of("type", "string"))))
                        .putAdditionalProperty("required", JsonValue.from(List.of("city"))).build())
                .build()).build();
    }

    private static ChatCompletion accumulated(ChatCompletionCreateParams params, List<ChatCompletionChunk> chunks) {
        ChatCompletionAccumulator accumulator = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(params)) {
            stream.stream().peek(chunks::add).forEach(accumulator::accumulate);
        }
        return accumulator.chatCompletion();
    }

    @Test
    void chat() {
        ChatCompletion answer = client.chat().completions().create(chat(SUM).build()).validate();
        ChatCompletion.Choice choice = answer.choices().getFirst();
        assertEquals("42", choice.message().content().orElseThrow());
        assertEquals(ChatCompletion.Choice.FinishReason.STOP, choice.finishReason());
        assertTrue(choice.message().toString().contains("reasoning_content=7 + 5 = 12"), choice::toString);
        assertEquals(answer.usage().orElseThrow().totalTokens(),
                answer.usage().orElseThrow().promptTokens() + answer.usage().orElseThrow().completionTokens());
    }

    @Test
    void streamedChatIsTheSame() {
        List<ChatCompletionChunk> chunks = new ArrayList<>();
        ChatCompletion streamed = accumulated(chat(SUM).streamOptions(
                ChatCompletionStreamOptions.builder().includeUsage(true).build()).build(), chunks);
        ChatCompletion whole = client.chat().completions().create(chat(SUM).build());
        assertEquals(whole.choices().getFirst().message().content(),
                streamed.choices().getFirst().message().content());
        assertEquals(whole.choices().getFirst().finishReason(), streamed.choices().getFirst().finishReason());
        assertEquals(whole.usage().orElseThrow().completionTokens(),
                streamed.usage().orElseThrow().completionTokens());
        chunks.forEach(ChatCompletionChunk::validate);
        assertTrue(chunks.size() > 4, () -> chunks.size() + " chunks");
    }

    @Test
    void logprobsAndChoices() {
        ChatCompletion answer = client.chat().completions().create(chat(SUM).temperature(1).n(2)
                .putAdditionalBodyProperty("seed", JsonValue.from(7))
                .maxCompletionTokens(4).logprobs(true).topLogprobs(3).build()).validate();
        for (ChatCompletion.Choice choice : answer.choices()) {
            var tokens = choice.logprobs().orElseThrow().content().orElseThrow();
            assertEquals(4, tokens.size());
            tokens.forEach(token -> assertEquals(3, token.topLogprobs().size()));
            assertEquals(ChatCompletion.Choice.FinishReason.LENGTH, choice.finishReason());
        }
        assertEquals(2, answer.choices().size());
    }

    @Test
    void aToolIsCalledAndItsResultAnswered() {
        ChatCompletionCreateParams.Builder params = chat("What is the weather in Paris?").addTool(weatherTool());
        ChatCompletion asks = client.chat().completions().create(params.build()).validate();
        ChatCompletion.Choice choice = asks.choices().getFirst();
        assertEquals(ChatCompletion.Choice.FinishReason.TOOL_CALLS, choice.finishReason());
        ChatCompletionMessageFunctionToolCall call = choice.message().toolCalls().orElseThrow().getFirst()
                .asFunction();
        assertEquals("get_weather", call.function().name());
        assertEquals(Map.of("city", "Paris"), call.function().arguments(Map.class));

        ChatCompletion streamed = accumulated(params.build(), new ArrayList<>());
        ChatCompletionMessageFunctionToolCall same = streamed.choices().getFirst().message().toolCalls()
                .orElseThrow().getFirst().asFunction();
        assertEquals(call.function().arguments(), same.function().arguments());
        assertEquals(ChatCompletion.Choice.FinishReason.TOOL_CALLS, streamed.choices().getFirst().finishReason());

        ChatCompletion answer = client.chat().completions().create(params.addMessage(choice.message())
                .addMessage(ChatCompletionToolMessageParam.builder().toolCallId(call.id())
                        .content("{\"temperature\": 21, \"condition\": \"sunny\"}").build()).build()).validate();
        String said = answer.choices().getFirst().message().content().orElseThrow();
        assertTrue(said.contains("21"), said);
        assertEquals(ChatCompletion.Choice.FinishReason.STOP, answer.choices().getFirst().finishReason());
    }

    @Test
    void aNamedToolIsCalledWhateverIsAsked() {
        ChatCompletion answer = client.chat().completions().create(chat("Tell me a story.").addTool(weatherTool())
                .toolChoice(ChatCompletionNamedToolChoice.builder().function(
                        ChatCompletionNamedToolChoice.Function.builder().name("get_weather").build()).build())
                .maxCompletionTokens(300).build()).validate();
        var call = answer.choices().getFirst().message().toolCalls().orElseThrow().getFirst().asFunction();
        assertEquals("get_weather", call.function().name());
        assertTrue(call.function().arguments(Map.class).get("city") instanceof String);
    }

    @Test
    void answersAreReadIntoAClass() {
        var params = chat("Anna is 31 years old and likes chess. Give it as JSON.").maxCompletionTokens(300)
                .responseFormat(Person.class).build();
        Person person = client.chat().completions().create(params).choices().getFirst().message().content()
                .orElseThrow();
        assertFalse(person.name == null || person.hobbies == null);

        ChatCompletionAccumulator accumulator = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(params)) {
            stream.stream().forEach(accumulator::accumulate);
        }
        Person streamed = accumulator.chatCompletion(Person.class).choices().getFirst().message().content()
                .orElseThrow();
        assertEquals(person.name, streamed.name);
        assertEquals(person.age, streamed.age);
        assertEquals(person.hobbies, streamed.hobbies);
    }

    @Test
    void completions() {
        CompletionCreateParams.Builder params = CompletionCreateParams.builder().model(DemoApi.OTHER_NAME)
                .temperature(0).maxTokens(6);
        String text = client.completions().create(params.prompt("The river runs").build()).validate().choices()
                .getFirst().text();
        Completion two = client.completions().create(
                params.promptOfArrayOfStrings(List.of("Once", "The river runs")).build());
        assertEquals(text, two.choices().get(1).text());
        StringBuilder streamed = new StringBuilder();
        try (StreamResponse<Completion> stream = client.completions().createStreaming(
                params.prompt("The river runs").build())) {
            stream.stream().forEach(part -> streamed.append(part.choices().getFirst().text()));
        }
        assertEquals(text, streamed.toString());
    }

    @Test
    void models() {
        List<String> ids = client.models().list().items().stream().map(Model::validate).map(Model::id).toList();
        assertEquals(List.of(DemoApi.MODEL, DemoApi.OTHER_NAME), ids);
        assertEquals(DemoApi.OTHER_NAME, client.models().retrieve(DemoApi.OTHER_NAME).id());
        assertThrows(NotFoundException.class, () -> client.models().retrieve("none"));
    }

    @Test
    void mistakesAreItsExceptions() {
        BadRequestException bad = assertThrows(BadRequestException.class,
                () -> client.chat().completions().create(chat(SUM).topP(5).build()));
        assertEquals("top_p", bad.param().orElseThrow());
        assertEquals("invalid_request_error", bad.type().orElseThrow());
        BadRequestException tooLong = assertThrows(BadRequestException.class,
                () -> client.chat().completions().create(chat("river ".repeat(2_000)).build()));
        assertEquals("context_length_exceeded", tooLong.code().orElseThrow());
        assertThrows(BadRequestException.class,
                () -> client.chat().completions().createStreaming(chat(SUM).n(0).build()));
        NotFoundException noModel = assertThrows(NotFoundException.class,
                () -> client.chat().completions().create(chat(SUM).model("other").build()));
        assertEquals("model_not_found", noModel.code().orElseThrow());
        OpenAIClient stranger = client("another-key");
        assertThrows(UnauthorizedException.class, () -> stranger.models().list());
        assertThrows(UnauthorizedException.class, () -> stranger.chat().completions().create(chat(SUM).build()));
        stranger.close();
    }

    @Test
    void aFullServerSaysSo() {
        RateLimitException full = assertThrows(RateLimitException.class,
                () -> client.chat().completions().create(chat(SUM).n(5).build()));
        assertEquals(429, full.statusCode());
        assertFalse(full.headers().values("retry-after").isEmpty());
    }

    @Test
    void aStreamThatIsClosedEndsItsRequest() throws Exception {
        ChatCompletionCreateParams endless = chat("Tell me a story.").maxCompletionTokens(400)
                .putAdditionalBodyProperty("ignore_eos", JsonValue.from(true)).build();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(endless)) {
            assertTrue(stream.stream().findFirst().isPresent());
            assertEquals(1, api.engine.numOpen());
        }
        nothingRunsOn();
        OpenAIClientAsync async = OpenAIOkHttpClientAsync.builder()
                .baseUrl("http://127.0.0.1:" + api.port() + "/v1").apiKey(KEY).maxRetries(0).build();
        CountDownLatch first = new CountDownLatch(1);
        AsyncStreamResponse<ChatCompletionChunk> stream = async.chat().completions().createStreaming(endless);
        stream.subscribe(_ -> first.countDown());
        assertTrue(first.await(30, TimeUnit.SECONDS));
        stream.close();
        async.close();
    }
}
