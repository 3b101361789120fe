package io.penstock.serving.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.runtime.FinishReason;
import io.penstock.serving.http.HttpLimits;
import io.penstock.serving.stream.StreamLimits;
import io.penstock.serving.stream.StreamObserver;
import io.penstock.serving.stream.StreamReport;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SUM = "'messages':[{'role':'user','content':'What is 27 + 15?'}],'temperature':0,"
            + "'repetition_penalty':1";
    private static final String THOUGHT = "7 + 5 = 12, carry 1. 2 + 1 + 1 = 4. So 42.";

    private static DemoApi api;
    private static HttpClient client;
    private static volatile FinishReason lastReason;

    @BeforeAll
    static void start() {
        api = new DemoApi(StreamLimits.DEFAULTS, HttpLimits.DEFAULTS, () -> new StreamObserver() {
            @Override
            public void tokens(int numTokens, long gapNs) {}

            @Override
            public void ended(StreamReport report) {
                lastReason = report.reasons().length == 0 ? null : report.reasons()[0];
            }
        });
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @AfterAll
    static void end() {
        client.close();
        api.close();
    }

    private static HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.port() + path));
    }

    private static HttpResponse<String> get(String path) throws Exception {
        return client.send(to(path).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> post(String path, String fields) throws Exception {
        return client.send(to(path).POST(HttpRequest.BodyPublishers.ofString("{" + fields.replace('\'', '"') + "}"))
                .build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode answer(String path, String fields) throws Exception {
        HttpResponse<String> response = post(path, fields);
        assertEquals(200, response.statusCode(), response.body());
        return JSON.readTree(response.body());
    }

    private static JsonNode chat(String fields) throws Exception {
        return answer("/v1/chat/completions", fields);
    }

    private static JsonNode completion(String fields) throws Exception {
        return answer("/v1/completions", "'temperature':0," + fields);
    }

    private static List<JsonNode> events(String path, String fields) throws Exception {
        HttpResponse<String> response = post(path, fields + ",'stream':true");
        assertEquals(200, response.statusCode(), response.body());
        String body = response.body();
        assertTrue(body.endsWith("\n\ndata: [DONE]\n\n"), body);
        List<JsonNode> events = new ArrayList<>();
        for (String event : body.substring(0, body.length() - "data: [DONE]\n\n".length()).split("\n\n")) {
            assertTrue(event.startsWith("data: ") && event.indexOf('\n') < 0, event);
            events.add(JSON.readTree(event.substring("data: ".length())));
        }
        return events;
    }

    private static String joined(List<JsonNode> events, int choice, String pointer) {
        StringBuilder text = new StringBuilder();
        for (JsonNode event : events) {
            for (JsonNode part : event.get("choices")) {
                if (part.get("index").intValue() == choice) {
                    text.append(part.at(pointer).asText(""));
                }
            }
        }
        return text.toString();
    }

    @Test
    void chatAnswerInOnePiece() throws Exception {
        JsonNode answer = chat(SUM + ",'model':'org/demo','max_tokens':64,'return_token_ids':true");
        assertEquals("chat.completion", answer.get("object").textValue());
        assertEquals("org/demo", answer.get("model").textValue());
        JsonNode choice = answer.at("/choices/0");
        assertEquals("42", choice.at("/message/content").textValue());
        assertEquals(THOUGHT, choice.at("/message/reasoning_content").textValue());
        assertEquals("stop", choice.get("finish_reason").textValue());
        int numPrompt = answer.at("/usage/prompt_tokens").intValue();
        int numOutput = answer.at("/usage/completion_tokens").intValue();
        assertEquals(numPrompt, answer.get("prompt_token_ids").size());
        assertEquals(numOutput, choice.get("token_ids").size() + 1);
        assertEquals(numPrompt + numOutput, answer.at("/usage/total_tokens").intValue());
    }

    @Test
    void thinkingStaysInTheContentUnlessItIsSeparated() throws Exception {
        JsonNode message = chat(SUM + ",'separate_reasoning':false").at("/choices/0/message");
        assertEquals("<think>" + THOUGHT + "</think>42", message.get("content").textValue());
        assertFalse(message.has("reasoning_content"));
        assertEquals("<think>" + THOUGHT + "</think>42",
                joined(events("/v1/chat/completions", SUM + ",'separate_reasoning':false"), 0, "/delta/content"));
        String form = ",'separate_reasoning':false,'response_format':{'type':'json_schema','json_schema':{'name':'sum',"
                + "'schema':{'type':'object','properties':{'sum':{'type':'integer','minimum':0,'maximum':99}},"
                + "'required':['sum'],'additionalProperties':false}}}";
        String content = chat(SUM + form).at("/choices/0/message/content").textValue();
        assertTrue(JSON.readTree(content).isObject(), content);
    }

    @Test
    void chatAnswerByEvents() throws Exception {
        List<JsonNode> events = events("/v1/chat/completions", SUM + ",'stream_options':{'include_usage':true}");
        assertEquals("assistant", events.getFirst().at("/choices/0/delta/role").textValue());
        assertEquals("42", joined(events, 0, "/delta/content"));
        assertEquals(THOUGHT, joined(events, 0, "/delta/reasoning_content"));
        assertEquals("stop", joined(events, 0, "/finish_reason"));
        JsonNode last = events.getLast();
        assertTrue(last.get("choices").isEmpty());
        assertEquals(chat(SUM).get("usage").get("completion_tokens"), last.at("/usage/completion_tokens"));
        assertEquals(1, events.stream().map(event -> event.get("id")).distinct().count());
        for (JsonNode event : events("/v1/chat/completions", SUM)) {
            assertFalse(event.has("usage"));
        }
    }

    @Test
    void usageGrowsWithTheEvents() throws Exception {
        List<JsonNode> events = events("/v1/chat/completions",
                SUM + ",'n':2,'stream_options':{'include_usage':true,'continuous_usage_stats':true}");
        int before = 0;
        for (JsonNode event : events) {
            int now = event.at("/usage/completion_tokens").intValue();
            assertTrue(now >= before, () -> now + " after more");
            before = now;
        }
        assertEquals(2 * chat(SUM).at("/usage/completion_tokens").intValue(), before);
    }

    @Test
    void choicesAndLogprobs() throws Exception {
        String asked = SUM.replace("'temperature':0", "'temperature':1") + ",'n':3,'max_tokens':5,'logprobs':true,"
                + "'top_logprobs':2,'seed':7";
        JsonNode answer = chat(asked);
        List<JsonNode> events = events("/v1/chat/completions", asked);
        assertEquals(3, answer.get("choices").size());
        for (int i = 0; i < 3; i++) {
            JsonNode choice = answer.get("choices").get(i);
            assertEquals(5, choice.at("/logprobs/content").size());
            assertEquals(2, choice.at("/logprobs/content/0/top_logprobs").size());
            assertEquals(choice.at("/message/reasoning_content").asText(""),
                    joined(events, i, "/delta/reasoning_content"));
            int number = 0;
            for (JsonNode event : events) {
                for (JsonNode part : event.get("choices")) {
                    number += part.get("index").intValue() == i ? part.at("/logprobs/content").size() : 0;
                }
            }
            assertEquals(5, number);
        }
        assertEquals(15, answer.at("/usage/completion_tokens").intValue());
    }

    @Test
    void stopStringsEndTheText() throws Exception {
        JsonNode choice = chat(SUM + ",'stop':['carry']").at("/choices/0");
        assertEquals("7 + 5 = 12, ", choice.at("/message/reasoning_content").textValue());
        assertEquals("stop", choice.get("finish_reason").textValue());
        assertEquals("carry", choice.get("stop_reason").textValue());
        assertEquals("7 + 5 = 12, ", joined(events("/v1/chat/completions", SUM + ",'stop':'carry'"), 0,
                "/delta/reasoning_content"));
    }

    @Test
    void promptLogprobsComeById() throws Exception {
        JsonNode chat = chat(SUM + ",'max_tokens':1,'prompt_logprobs':1");
        assertEquals(chat.at("/usage/prompt_tokens").intValue(), chat.get("prompt_logprobs").size());
        assertTrue(chat.at("/prompt_logprobs/0").isNull());
        assertTrue(chat.at("/prompt_logprobs/1").iterator().next().get("rank").intValue() >= 1);
        JsonNode text = completion("'prompt':'The river runs','max_tokens':1,'prompt_logprobs':0");
        assertEquals(text.at("/usage/prompt_tokens").intValue(), text.at("/choices/0/prompt_logprobs").size());
    }

    @Test
    void completionsOfAllKindsOfPrompts() throws Exception {
        JsonNode one = completion("'prompt':'The river runs','max_tokens':6");
        assertEquals("text_completion", one.get("object").textValue());
        assertEquals("length", one.at("/choices/0/finish_reason").textValue());
        String text = one.at("/choices/0/text").textValue();
        String ids = answer("/tokenize", "'prompt':'The river runs'").get("tokens").toString();
        assertEquals(text, completion("'prompt':" + ids + ",'max_tokens':6").at("/choices/0/text").textValue());
        JsonNode many = completion("'prompt':['The river runs','Once','The river runs'],'max_tokens':6,'n':2");
        assertEquals(6, many.get("choices").size());
        for (int i = 0; i < 6; i++) {
            assertEquals(i, many.get("choices").get(i).get("index").intValue());
            assertEquals(i != 2 && i != 3, text.equals(many.get("choices").get(i).get("text").textValue()));
        }
        assertEquals(text, completion("'prompt':[" + ids + "," + ids + "],'max_tokens':6")
                .at("/choices/1/text").textValue());
        List<JsonNode> events = events("/v1/completions",
                "'temperature':0,'prompt':['Once','The river runs'],'max_tokens':6,"
                        + "'stream_options':{'include_usage':true}");
        assertEquals(text, joined(events, 1, "/text"));
        assertEquals(12, events.getLast().at("/usage/completion_tokens").intValue());
    }

    @Test
    void echoesHaveTheLogprobsOfThePrompt() throws Exception {
        String asked = "'prompt':'The river runs','max_tokens':2,'echo':true,'logprobs':1";
        JsonNode choice = completion(asked).at("/choices/0");
        assertTrue(choice.get("text").textValue().startsWith("The river runs"));
        JsonNode logprobs = choice.get("logprobs");
        int number = answer("/tokenize", "'prompt':'The river runs'").get("count").intValue() + 2;
        for (String list : List.of("tokens", "token_logprobs", "top_logprobs", "text_offset")) {
            assertEquals(number, logprobs.get(list).size(), list);
        }
        assertTrue(logprobs.at("/token_logprobs/0").isNull() && logprobs.at("/top_logprobs/0").isNull());
        assertTrue(logprobs.at("/token_logprobs/1").doubleValue() < 0);
        List<JsonNode> events = events("/v1/completions", "'temperature':0," + asked);
        assertEquals(choice.get("text").textValue(), joined(events, 0, "/text"));
        List<Integer> offsets = new ArrayList<>();
        events.forEach(event -> event.at("/choices/0/logprobs/text_offset")
                .forEach(offset -> offsets.add(offset.intValue())));
        assertEquals(number, offsets.size());
        assertEquals(logprobs.get("text_offset").toString(), JSON.valueToTree(offsets).toString());
    }

    @Test
    void textsAndTokens() throws Exception {
        JsonNode tokens = answer("/tokenize", "'prompt':'The river h\u00e9llo','return_token_strs':true");
        assertEquals(tokens.get("count").intValue(), tokens.get("tokens").size());
        assertEquals(tokens.get("count").intValue(), tokens.get("token_strs").size());
        assertEquals("The river h\u00e9llo",
                answer("/detokenize", "'tokens':" + tokens.get("tokens")).get("prompt").textValue());
        assertEquals(chat(SUM + ",'max_tokens':1").at("/usage/prompt_tokens"),
                answer("/tokenize", SUM).get("count"));
        assertEquals(400, post("/tokenize", "'prompt':1").statusCode());
        assertEquals(400, post("/tokenize", "").statusCode());
        assertEquals(400, post("/detokenize", "'tokens':[99999]").statusCode());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "400|/v1/chat/completions|'messages':[]|messages",
        "400|/v1/chat/completions|'messages':[{'role':'user','content':'x'}],'temperature':-1|temperature",
        "404|/v1/chat/completions|'messages':[{'role':'user','content':'x'}],'model':'other'|model",
        "404|/v1/completions|'prompt':'x','model':'other'|model",
        "400|/v1/completions|'prompt':[99999]|prompt",
        "400|/v1/completions|'prompt':'x','n':0|n",
        "400|/v1/completions|'prompt':'x','max_tokens':100000|max_tokens",
        "404|/tokenize|'prompt':'x','model':'other'|model",
    })
    void mistakesNameTheField(int status, String path, String fields, String param) throws Exception {
        HttpResponse<String> response = post(path, fields);
        assertEquals(status, response.statusCode(), response.body());
        JsonNode error = JSON.readTree(response.body()).get("error");
        assertEquals(param, error.get("param").textValue(), response.body());
        assertFalse(error.get("message").textValue().isEmpty());
    }

    @Test
    void promptsBeyondTheContextAreRefused() throws Exception {
        String prompt = "river ".repeat(600);
        HttpResponse<String> response = post("/v1/completions", "'prompt':['x','" + prompt + "'],'stream':true");
        assertEquals(400, response.statusCode());
        assertEquals("context_length_exceeded",
                JSON.readTree(response.body()).at("/error/code").textValue(), response.body());
    }

    @Test
    void statusOfTheServer() throws Exception {
        assertEquals(200, get("/health").statusCode());
        assertEquals(200, get("/ping").statusCode());
        assertEquals("1.2.3", JSON.readTree(get("/version").body()).get("version").textValue());
        assertEquals(0, JSON.readTree(get("/load").body()).get("server_load").intValue());
        assertTrue(get("/metrics").headers().firstValue("content-type").orElse("").startsWith("text/plain"));
        JsonNode models = JSON.readTree(get("/v1/models").body());
        assertEquals("demo", models.at("/data/0/id").textValue());
        assertEquals(512, models.at("/data/1/max_model_len").intValue());
        assertEquals("org/demo", JSON.readTree(get("/v1/models/org%2Fdemo").body()).get("id").textValue());
        assertEquals("org/demo", JSON.readTree(get("/v1/models/org/demo").body()).get("id").textValue());
        assertEquals(404, get("/v1/models/none").statusCode());
        assertTrue(get("/").body().contains("<title>Penstock</title>"));
        assertEquals("text/javascript; charset=utf-8",
                get("/console/chat.js").headers().firstValue("content-type").orElse(""));
    }

    @Test
    void clientsThatGoEndTheirRequests() throws Exception {
        for (boolean stream : new boolean[] {true, false}) {
            lastReason = null;
            var future = client.sendAsync(to("/v1/completions").POST(HttpRequest.BodyPublishers.ofString(
                    "{\"prompt\":\"x\",\"max_tokens\":400,\"n\":24,\"ignore_eos\":true,\"stream\":" + stream + "}"))
                            .build(),
                    HttpResponse.BodyHandlers.ofInputStream());
            awaitOpen(1);
            if (stream) {
                future.get(10, TimeUnit.SECONDS).body().close();
            } else {
                future.cancel(true);
            }
            await(() -> lastReason == FinishReason.ABORT, () -> "the last request ended by " + lastReason);
            awaitOpen(0);
        }
    }

    private static void awaitOpen(int number) throws InterruptedException {
        await(() -> api.engine.numOpen() == number,
                () -> api.engine.numOpen() + " requests are open, not " + number);
    }

    private static void await(BooleanSupplier condition, Supplier<String> message) throws InterruptedException {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < endNs, message);
            Thread.sleep(1);
        }
    }
}
