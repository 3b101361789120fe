package io.penstock.serving.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.serving.http.RawClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What bodies may be: long ones, of JSON alone, and the fields that say how a prompt is taken. */
class RequestBodiesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static DemoApi api;

    @BeforeAll
    static void start() {
        api = DemoApi.withKeys();
    }

    @AfterAll
    static void end() {
        api.close();
    }

    private static RawClient.Answer post(String path, String body) throws IOException {
        try (RawClient client = new RawClient(api.port())) {
            return client.post(path, body.replace('\'', '"')).answer();
        }
    }

    private static JsonNode completion(String fields) throws IOException {
        RawClient.Answer answer = post("/v1/completions", "{'temperature':0," + fields + "}");
        assertEquals(200, answer.status(), answer.body());
        return JSON.readTree(answer.body());
    }

    @Test
    void longBodiesAreReadElsewhereAndAnsweredInTheirOrder() throws IOException {
        String padding = "x".repeat(200_000);
        List<Integer> statuses = new ArrayList<>();
        try (RawClient client = new RawClient(api.port())) {
            for (int i = 0; i < 4; i++) {
                client.post("/tokenize", ("{'prompt':'" + "a b ".repeat(i + 1) + "','padding':'" + padding + "'}")
                        .replace('\'', '"'));
                client.post("/tokenize", "{}");
                client.post("/tokenize", ("{'prompt':7,'padding':'" + padding + "'}").replace('\'', '"'));
            }
            int last = 0;
            for (int i = 0; i < 12; i++) {
                RawClient.Answer answer = client.answer();
                statuses.add(answer.status());
                if (answer.status() == 200) {
                    int count = JSON.readTree(answer.body()).get("count").intValue();
                    assertTrue(count > last, "the longer prompt came later");
                    last = count;
                }
            }
        }
        assertEquals(List.of(200, 400, 400, 200, 400, 400, 200, 400, 400, 200, 400, 400), statuses);
        assertEquals(400, post("/v1/chat/completions", "{'messages':" + "[".repeat(100_000)).status());
    }

    @Test
    void bodiesAreJson() throws IOException {
        for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "application/jsonx", "")) {
            try (RawClient client = new RawClient(api.port())) {
                client.send("POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Type: " + type
                        + "\r\nContent-Length: 2\r\n\r\n{}");
                assertEquals(415, client.answer().status(), type);
                client.send("POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Type: Application/JSON; charset=utf-8"
                        + "\r\nContent-Length: 14\r\n\r\n{\"prompt\":\"a\"}");
                assertEquals(200, client.answer().status());
            }
        }
    }

    @Test
    void prefixesAreSharedWithinASalt() throws IOException {
        String prompt = "'prompt':'" + "The river runs to the sea. ".repeat(12) + "','max_tokens':2";
        String cached = "/usage/prompt_tokens_details/cached_tokens";
        completion(prompt + ",'cache_salt':'one'");
        assertTrue(completion(prompt + ",'cache_salt':'one'").at(cached).intValue() >= 64);
        assertEquals(0, completion(prompt + ",'cache_salt':'two'").at(cached).intValue());
        assertEquals(0, completion(prompt).at(cached).intValue());
        assertEquals(400, post("/v1/completions", "{'prompt':'a','cache_salt':''}").status());
        assertEquals(400, post("/v1/completions", "{'prompt':'a','cache_salt':1}").status());
    }

    @Test
    void anEchoNeedsNoOutput() throws IOException {
        JsonNode with = completion("'prompt':'The river runs','max_tokens':1,'echo':true,'logprobs':1")
                .at("/choices/0");
        JsonNode alone = completion("'prompt':'The river runs','max_tokens':0,'echo':true,'logprobs':1")
                .at("/choices/0");
        assertEquals("The river runs", alone.get("text").textValue());
        List<Double> expected = new ArrayList<>();
        with.at("/logprobs/token_logprobs").forEach(value -> expected.add(value.doubleValue()));
        List<Double> actual = new ArrayList<>();
        alone.at("/logprobs/token_logprobs").forEach(value -> actual.add(value.doubleValue()));
        assertEquals(expected.subList(0, expected.size() - 1), actual);
        String events = post("/v1/completions", "{'prompt':'The river runs','max_tokens':0,'echo':true,'stream':true}")
                .body();
        assertTrue(events.contains("\"text\":\"The river runs\""), events);
        assertEquals(400, post("/v1/completions", "{'prompt':'a','max_tokens':0}").status());
    }

    @Test
    void numbersThatAreTooLargeAreCalledThat() throws IOException {
        String body = post("/v1/completions", "{'prompt':'a','max_tokens':1000000000000}").body();
        assertTrue(body.contains("between 1 and 2147483647, not 1000000000000"), body);
    }
}
