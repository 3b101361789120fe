package io.penstock.serving.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.serving.http.HttpLimits;
import io.penstock.serving.http.RawClient;
import io.penstock.serving.stream.StreamLimits;
import io.penstock.serving.stream.StreamObserver;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests that nobody means well with: each has a status and an error of the usual shape, and leaves nothing. */
class HostileRequestsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CHAT = "/v1/chat/completions";
    private static final String TEXT = "/v1/completions";
    private static final String USER = "'messages':[{'role':'user','content':'Hi'}],'max_tokens':1";
    private static final String PROMPT = "'prompt':'Hi','max_tokens':1";
    private static final String POST_CHAT = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n";

    private static final List<String> STRINGS = List.of("1", "1.5", "true", "[]", "{}");
    private static final List<String> NUMBERS = List.of("'1'", "true", "[]", "{}", "1e400", "-1e400");
    private static final List<String> INTEGERS = List.of("'1'", "true", "[]", "{}", "1.5", "1e400", "-99999999999");
    private static final List<String> FLAGS = List.of("'true'", "1", "0.0", "[]", "{}");
    private static final List<String> ARRAYS = List.of("'x'", "1", "true", "{}", "[[]]", "[{}]", "[true]", "[null]");
    private static final List<String> OBJECTS = List.of("'x'", "1", "true", "[]", "[{}]");

    private static DemoApi api;

    @BeforeAll
    static void start() {
        api = new DemoApi(StreamLimits.DEFAULTS, HttpLimits.DEFAULTS.withMaxRequestBytes(4 << 20).withTimes(
                new HttpLimits.Times(TimeUnit.SECONDS.toNanos(20), TimeUnit.SECONDS.toNanos(2),
                        TimeUnit.SECONDS.toNanos(20), TimeUnit.MILLISECONDS.toNanos(300))),
                () -> StreamObserver.NONE);
    }

    @AfterAll
    static void end() {
        api.close();
    }

    @AfterEach
    void theServerIsWellAndEmpty() throws Exception {
        try (RawClient client = new RawClient(api.port())) {
            assertEquals(200, client.post(TEXT, json(PROMPT)).answer().status());
        }
        api.awaitEmpty();
    }

    private static String json(String fields) {
        return "{" + fields.replace('\'', '"') + "}";
    }

    private static RawClient.Answer send(byte[] request) throws IOException {
        try (RawClient client = new RawClient(api.port())) {
            return client.send(request).answer();
        }
    }

    private static RawClient.Answer post(String path, byte[] body) throws IOException {
        try (RawClient client = new RawClient(api.port())) {
            return client.send("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length + "\r\n\r\n")
                    .send(body).answer();
        }
    }

    private static RawClient.Answer post(String path, String fields) throws IOException {
        return post(path, json(fields).getBytes(StandardCharsets.UTF_8));
    }

    private static void requireError(int status, RawClient.Answer answer, String what) throws IOException {
        assertEquals(status, answer.status(), () -> what + ": " + answer.body());
        JsonNode error = JSON.readTree(answer.body()).path("error");
        assertTrue(error.path("message").isTextual() && !error.get("message").textValue().isEmpty()
                && error.path("type").isTextual() && error.has("param") && error.has("code"),
                () -> what + ": " + answer.body());
        assertTrue(error.get("message").textValue().lines().count() == 1, () -> what + ": " + answer.body());
    }

    private record Wrong(String path, String fields, String name) {
        @Override
        public String toString() {
            return path + " " + fields;
        }
    }

    private static void addWrong(List<Wrong> all, String path, List<String> values, String... names) {
        String rest = path.equals(CHAT) ? USER : PROMPT;
        for (String name : names) {
            for (String value : values) {
                all.add(new Wrong(path, rest + ",'" + name + "':" + value, name));
            }
        }
    }

    static Stream<Wrong> wrongTypes() {
        List<Wrong> all = new ArrayList<>();
        for (String path : List.of(CHAT, TEXT)) {
            addWrong(all, path, STRINGS, "model", "request_id");
            addWrong(all, path, NUMBERS, "temperature", "top_p", "min_p", "repetition_penalty", "frequency_penalty",
                    "presence_penalty");
            addWrong(all, path, INTEGERS, "n", "top_k", "min_tokens", "max_tokens", "prompt_logprobs",
                    "truncate_prompt_tokens", "priority");
            addWrong(all, path, List.of("'1'", "true", "[]", "{}", "1.5", "1e400", "-1e30"), "seed");
            addWrong(all, path, FLAGS, "stream", "ignore_eos", "include_stop_str_in_output", "skip_special_tokens",
                    "return_token_ids");
            addWrong(all, path, ARRAYS, "stop_token_ids", "bad_words", "allowed_token_ids");
            addWrong(all, path, List.of("1", "true", "{}", "[1]", "[[]]", "[null]", "''", "['']"), "stop");
            addWrong(all, path, OBJECTS, "logit_bias", "response_format", "structured_outputs");
            addWrong(all, path, OBJECTS.subList(0, 4), "stream_options");
        }
        addWrong(all, CHAT, INTEGERS, "max_completion_tokens", "top_logprobs");
        addWrong(all, CHAT, FLAGS, "logprobs", "add_generation_prompt", "continue_final_message",
                "parallel_tool_calls", "separate_reasoning");
        addWrong(all, CHAT, List.of("'x'", "1", "true", "{}", "[1]", "[[]]", "[{}]", "[null]", "[]"), "messages");
        addWrong(all, CHAT, ARRAYS.subList(0, 7), "tools");
        addWrong(all, CHAT, List.of("'x'", "1", "true", "[]", "{}", "{'type':'x'}"), "tool_choice");
        addWrong(all, CHAT, OBJECTS, "chat_template_kwargs");
        addWrong(all, TEXT, INTEGERS, "logprobs", "best_of");
        addWrong(all, TEXT, FLAGS, "echo", "add_special_tokens");
        addWrong(all, TEXT, List.of("1", "true", "{}", "[]", "[[]]", "[null]", "[1.5]", "[-1]", "[1,'a']", "['a',1]",
                "[[1],[]]", "[[1],2]", "[99999]", "null"), "prompt");
        addWrong(all, TEXT, STRINGS, "suffix");
        return all.stream();
    }

    @Test
    void wrongTypesOfEveryField() throws IOException {
        List<String> passed = new ArrayList<>();
        for (Wrong wrong : wrongTypes().toList()) {
            RawClient.Answer answer = post(wrong.path, wrong.fields);
            if (answer.status() == 400) {
                requireError(400, answer, wrong.toString());
                String param = JSON.readTree(answer.body()).at("/error/param").asText();
                if (!param.startsWith(wrong.name)) {
                    passed.add(wrong + " names " + param);
                }
            } else {
                passed.add(wrong + " has " + answer.status());
            }
        }
        assertEquals(List.of(), passed);
    }

    static Stream<byte[]> brokenBodies() {
        List<byte[]> bodies = new ArrayList<>();
        for (String text : List.of("", " ", "{", "}", "[]", "null", "1", "'x'", "{'messages'", "{'a':1}{'a':2}",
                "{" + USER + ",}", "{" + USER + ",'temperature':NaN}", "{" + USER + ",'temperature':Infinity}",
                "{" + USER + ",'temperature':-Infinity}", "{" + USER + ",'n':01}", "{" + USER + ",'n':+1}",
                "{" + USER + ",'n':0x1}", "{" + USER + ",/* */'n':1}", "{" + USER + "}\0", "\0{" + USER + "}",
                "{'messages':[{'role':'user','content':'\n'}]}", "{'messages':[{'role':'user','content':'\\x'}]}",
                "{'messages':[{'role':'user','content':'\\u12'}]}", "{messages:[]}", "<xml/>", "a=b&c=d",
                "[".repeat(100_000), "{'a':".repeat(50_000), "{" + USER + ",'n':" + "9".repeat(100_000) + "}",
                "{" + USER + ",'" + "k".repeat(200_000) + "':1}")) {
            bodies.add(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        }
        String valid = "{" + USER.replace("Hi", "@").replace('\'', '"') + "}";
        for (String bytes : List.of("\u00ff", "\u00c3(", "\u00e2\u0082", "\u00c0\u00af", "\u00ed\u00a0\u0080",
                "\u00f5\u0080\u0080\u0080", "\u0080")) {
            bodies.add(valid.replace("@", bytes).getBytes(StandardCharsets.ISO_8859_1));
        }
        bodies.add(("{\"messages\":[{\"role\":\"user\",\"content\":\"x\u0001\"}]}").getBytes(StandardCharsets.UTF_8));
        return bodies.stream();
    }

    @Test
    void bodiesThatAreNoJsonObject() throws IOException {
        for (String path : List.of(CHAT, TEXT, "/tokenize", "/detokenize")) {
            for (byte[] body : brokenBodies().toList()) {
                String shown = new String(body, 0, Math.min(60, body.length), StandardCharsets.ISO_8859_1);
                requireError(400, post(path, body), path + " " + shown);
            }
        }
    }

    /** What looks odd and is right all the same. */
    @Test
    void oddButValidBodies() throws IOException {
        for (String fields : List.of(USER + ",'n':1.0", USER + ",'max_tokens':2e0", USER + ",'seed':-0",
                USER + ",'temperature':1e-300", USER + ",'n':null,'stop':null,'tools':null",
                "'temperature':5," + USER + ",'temperature':0", USER + ",'no_such_field':{'a':[1,null]}",
                USER + ",'logit_bias':{'1':-100,'2':100}", "'messages':[{'role':'user','content':''}],'max_tokens':1",
                "'messages':[{'role':'user','content':'\\u0000\\ud800'}],'max_tokens':1")) {
            RawClient.Answer answer = post(CHAT, fields);
            assertEquals(200, answer.status(), () -> fields + ": " + answer.body());
        }
        byte[] text = json(USER).getBytes(StandardCharsets.UTF_8);
        byte[] marked = new byte[text.length + 3];
        marked[0] = (byte) 0xEF;
        marked[1] = (byte) 0xBB;
        marked[2] = (byte) 0xBF;
        System.arraycopy(text, 0, marked, 3, text.length);
        assertEquals(200, post(CHAT, marked).status());
        for (String charset : List.of("UTF-16LE", "UTF-16BE", "UTF-16")) {
            requireError(400, post(CHAT, json(USER).getBytes(Charset.forName(charset))), charset);
        }
    }

    @Test
    void longLists() throws IOException {
        String many = String.join(",", IntStream.range(0, 100_000).mapToObj(i -> "'a'").toList());
        String ids = String.join(",", IntStream.range(0, 100_000).mapToObj(i -> "5").toList());
        String pairs = String.join(",", IntStream.range(0, 100_000).mapToObj(i -> "'" + i + "':1").toList());
        for (String fields : List.of("'prompt':[" + many + "]", "'prompt':[" + ids + "]",
                PROMPT + ",'stop':[" + many + "]", PROMPT + ",'bad_words':[" + many + "]",
                PROMPT + ",'logit_bias':{" + pairs + "}", PROMPT + ",'stop':'" + "s".repeat(1_000_000) + "'",
                "'prompt':'" + "river ".repeat(500_000) + "'")) {
            requireError(400, post(TEXT, fields), fields.substring(0, 40));
        }
        requireError(400, post(CHAT, "'messages':[" + "{'role':'user','content':'x'},".repeat(60_000)
                + "{'role':'user','content':'x'}]"), "messages");
        requireError(413, post(CHAT, "'x':'" + "y".repeat(4 << 20) + "'"), "a long body");
    }

    @ParameterizedTest
    @CsvSource({
        "404, GET /v1/%00models HTTP/1.1|Host: x||",
        "404, GET /v1/../v1/models HTTP/1.1|Host: x||",
        "404, GET //v1/models HTTP/1.1|Host: x||",
        "404, GET /v1/models%2f HTTP/1.1|Host: x||",
        "404, GET /console/../../etc/passwd HTTP/1.1|Host: x||",
        "404, GET /console/%2e%2e/app.js HTTP/1.1|Host: x||",
        "400, GET /v1/models/%zz HTTP/1.1|Host: x||",
        "400, GET /v1/models/% HTTP/1.1|Host: x||",
        "404, GET /v1/models/%ff%fe HTTP/1.1|Host: x||",
        "404, GET /v1/models/%0d%0aSet-Cookie:%20a HTTP/1.1|Host: x||",
        "400, GET /health HTTP/1.1|Host: x|X\u0000: y||",
        "400, GET /health HTTP/1.1|Host: x|X: a\u0000b||",
        "400, GET /health HTTP/1.1|Host : x||",
        "400, GET /health HTTP/1.1|: x|Host: x||",
        "400, GET /health|Host: x||",
        "400, GET /health HTTP/one|Host: x||",
        "505, GET /health HTTP/1.2|Host: x||",
        "505, GET /health HTTP/3.0|Host: x||",
        "505, PRI * HTTP/2.0||SM||",
        "405, get /health HTTP/1.1|Host: x||",
        "405, TRACE /v1/models HTTP/1.1|Host: x||",
        "405, PUT /v1/chat/completions HTTP/1.1|Host: x|Content-Length: 2||{}",
        "404, CONNECT evil:443 HTTP/1.1|Host: evil||",
        "404, OPTIONS * HTTP/1.1|Host: x||",
        "404, GET http://x/nowhere HTTP/1.1|Host: x||",
        "404, GET nowhere HTTP/1.1|Host: x||",
        "400, POST /v1/completions HTTP/1.1|Host: x|Transfer-Encoding: chunked||-1||",
        "400, POST /v1/completions HTTP/1.1|Host: x|Transfer-Encoding: chunked||fffffffffffffffff||",
        "408, POST /v1/completions HTTP/1.1|Host: x|Transfer-Encoding: chunked||7fffffff|{",
        "400, POST /v1/completions HTTP/1.1|Host: x|Transfer-Encoding: chunked||1|{xx0||",
        "400, POST /v1/completions HTTP/1.1|Host: x|Transfer-Encoding: chunked||0x2|{}|0||",
        "400, POST /v1/completions HTTP/1.1|Host: x|Transfer-Encoding: chunked|Content-Length: 3||0||",
        "400, 'POST /v1/completions HTTP/1.1|Host: x|Transfer-Encoding: chunked, chunked||0||'",
        "400, POST /v1/completions HTTP/1.1|Host: x|Transfer-Encoding: chunked|Transfer-Encoding: chunked||0||",
        "400, POST /v1/completions HTTP/1.1|Host: x|Content-Length: +2||{}",
        "400, POST /v1/completions HTTP/1.1|Host: x|Content-Length: 0x2||{}",
        "400, 'POST /v1/completions HTTP/1.1|Host: x|Content-Length: 2,2||{}'",
        "400, POST /v1/completions HTTP/1.1|Host: x|Content-Length: 2|Content-Length: 2||{}",
        "413, POST /v1/completions HTTP/1.1|Host: x|Content-Length: 9223372036854775807||{}",
        "400, POST /v1/completions HTTP/1.1|Host: x|Content-Length: 9223372036854775808||{}",
        "400, POST /v1/completions HTTP/1.1|Host: x||",
        "415, POST /v1/completions HTTP/1.1|Host: x|Content-Encoding: br|Content-Length: 2||{}",
    })
    void oddRequests(int status, String request) throws IOException {
        requireError(status, send(request.replace("|", "\r\n").getBytes(StandardCharsets.ISO_8859_1)), request);
    }

    @Test
    void bytesThatAreNoHttp() throws IOException {
        requireError(400, send(new byte[] {22, 3, 1, 2, 0, 1, 0, 1, -4, 3, 3, 13, 10, 13, 10}), "TLS");
        requireError(400, send("\u0000\u0001\u0002\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1)), "zeros");
        requireError(400, send("SSH-2.0-x\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1)), "SSH");
        requireError(414, send(("GET /" + "a".repeat(70_000)).getBytes(StandardCharsets.ISO_8859_1)), "a long line");
        requireError(431, send(("GET / HTTP/1.1\r\n" + "X: y\r\n".repeat(20_000))
                .getBytes(StandardCharsets.ISO_8859_1)), "many fields");
    }

    @Test
    void addressesWithAHost() throws IOException {
        try (RawClient client = new RawClient(api.port())) {
            client.send("GET http://127.0.0.1/v1/models?x=http://y HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            assertEquals(200, client.answer().status());
            client.send("GET HTTPS://x:80/health HTTP/1.1\r\nHost: x\r\n\r\n");
            assertEquals(200, client.answer().status());
            client.send("GET http://x HTTP/1.1\r\nHost: x\r\n\r\n");
            assertTrue(client.answer().body().contains("<title>"));
        }
    }

    @Test
    void cutAndSlowRequests() throws Exception {
        String head = POST_CHAT + "Content-Length: 1000\r\n\r\n";
        try (RawClient client = new RawClient(api.port())) {
            client.send("POST").endOutput();
            assertTrue(client.isClosed());
        }
        for (String part : List.of(POST_CHAT, head, head + "{\"messages\":",
                POST_CHAT + "Transfer-Encoding: chunked\r\n\r\n5\r\n{")) {
            try (RawClient client = new RawClient(api.port())) {
                client.send(part).endOutput();
                requireError(400, client.answer(), part);
            }
            new RawClient(api.port()).send(part).reset();
            new RawClient(api.port()).send(part).close();
        }
        try (RawClient client = new RawClient(api.port())) {
            client.send(head);
            for (int i = 0; i < 8; i++) {
                client.send(" ");
                Thread.sleep(100);
            }
            requireError(408, client.answer(), "a slow body");
        }
    }

    @Test
    void garbageBehindARequest() throws IOException {
        String valid = POST_CHAT + "Content-Length: " + json(USER).length() + "\r\n\r\n" + json(USER);
        try (RawClient client = new RawClient(api.port())) {
            client.send(valid + "garbage\r\n\r\n" + valid);
            assertEquals(200, client.answer().status());
            requireError(400, client.answer(), "garbage");
            assertTrue(client.isClosed());
        }
        try (RawClient client = new RawClient(api.port())) {
            client.send(valid.repeat(20)).endOutput();
            for (int i = 0; i < 20; i++) {
                RawClient.Answer answer = client.answer();
                while (answer.status() == 102) {
                    answer = client.answer();
                }
                assertEquals(200, answer.status());
            }
            assertTrue(client.isClosed());
        }
    }
}
