package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files and batches of a server in a process of its own, which is killed in the middle of one. */
class BatchesTest {
    private static final int LINES = 16;
    private static final JsonMapper MAPPER = new JsonMapper();

    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    private Path folder;
    private ServeProcess server;

    @AfterEach
    void end() {
        client.close();
        if (server != null) {
            server.close();
        }
    }

    private void start() throws Exception {
        server = ServeProcess.start("--batch-dir", folder.resolve("batches").toString());
    }

    private JsonNode send(int status, HttpRequest.Builder request) throws Exception {
        HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(status, response.statusCode(), response::body);
        return MAPPER.readTree(response.body());
    }

    private HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create(server.address + path));
    }

    private JsonNode post(int status, String path, String body) throws Exception {
        return send(status, to(path).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private JsonNode upload(int status, String purpose, String content) throws Exception {
        String form = "--frontier\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n" + purpose
                + "\r\n--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n" + content + "\r\n--frontier--\r\n";
        return send(status, to("/v1/files").header("Content-Type", "multipart/form-data; boundary=frontier")
                .POST(HttpRequest.BodyPublishers.ofString(form)));
    }

    private static String lines(int numTokens) {
        var text = new StringBuilder("no request\n");
        for (int i = 0; i < LINES; i++) {
            text.append("{\"custom_id\": \"c").append(i).append("\", \"method\": \"POST\", \"url\":"
                    + " \"/v1/completions\", \"body\": {\"prompt\": \"The ").append(i)
                    .append("\", \"ignore_eos\": true, \"max_tokens\": ").append(numTokens).append("}}\n");
        }
        return text.toString();
    }

    private JsonNode create(String fileId) throws Exception {
        return post(200, "/v1/batches", "{\"input_file_id\": \"" + fileId
                + "\", \"endpoint\": \"/v1/completions\", \"completion_window\": \"24h\","
                + " \"metadata\": {\"a\": \"b\"}}");
    }

    private JsonNode await(String id, List<String> statuses, int leastCompleted) throws Exception {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (true) {
            JsonNode batch = send(200, to("/v1/batches/" + id));
            if (statuses.contains(batch.path("status").asText())
                    && batch.at("/request_counts/completed").asInt() >= leastCompleted) {
                return batch;
            }
            assertTrue(System.nanoTime() < endNs, batch::toString);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    @Test
    void aBatchSurvivesItsServersDeath() throws Exception {
        start();
        JsonNode file = upload(200, "batch", lines(80));
        assertEquals("in.jsonl", file.path("filename").asText());
        JsonNode batch = create(file.path("id").asText());
        assertEquals("validating", batch.path("status").asText());
        String id = batch.path("id").asText();
        await(id, List.of("in_progress"), 3);
        server.close();
        server.process.waitFor();

        start();
        JsonNode done = await(id, List.of("completed"), 0);
        assertEquals(LINES + 1, done.at("/request_counts/total").asInt());
        assertEquals(LINES, done.at("/request_counts/completed").asInt());
        assertEquals(1, done.at("/request_counts/failed").asInt());
        assertEquals("b", done.at("/metadata/a").asText());
        var ids = new TreeSet<String>();
        String output = client.send(to("/v1/files/" + done.path("output_file_id").asText() + "/content").build(),
                HttpResponse.BodyHandlers.ofString()).body();
        for (String line : output.lines().toList()) {
            JsonNode result = MAPPER.readTree(line);
            assertTrue(ids.add(result.path("custom_id").asText()), line);
            assertEquals(80, result.at("/response/body/usage/completion_tokens").asInt());
            assertEquals(done.path("created_at"), result.at("/response/body/created"));
        }
        assertEquals(LINES, ids.size());
        String errors = client.send(to("/v1/files/" + done.path("error_file_id").asText() + "/content").build(),
                HttpResponse.BodyHandlers.ofString()).body();
        assertEquals(1, errors.lines().count());
        JsonNode page = send(200, to("/v1/files?limit=2"));
        assertEquals(2, page.path("data").size());
        assertTrue(page.path("has_more").asBoolean());
        assertTrue(send(200, to("/v1/files/" + file.path("id").asText()).DELETE()).path("deleted").asBoolean());
        send(404, to("/v1/files/" + file.path("id").asText()));
    }

    @Test
    void whatIsCancelledKeepsWhatItHas() throws Exception {
        start();
        upload(400, "assistants", "{}");
        post(400, "/v1/batches", "{\"input_file_id\": \"file-none\", \"endpoint\": \"/v1/completions\","
                + " \"completion_window\": \"24h\"}");
        String fileId = upload(200, "batch", lines(3_000)).path("id").asText();
        String id = create(fileId).path("id").asText();
        await(id, List.of("in_progress"), 0);
        send(400, to("/v1/files/" + fileId).DELETE());
        assertEquals("cancelling", post(200, "/v1/batches/" + id + "/cancel", "").path("status").asText());
        JsonNode batch = await(id, List.of("cancelled"), 0);
        assertTrue(batch.at("/request_counts/completed").asInt() < LINES, batch::toString);
        assertEquals(1, send(200, to("/v1/batches?limit=5")).path("data").size());
        send(404, to("/v1/batches/none"));
        server.terminate();
        server.awaitEnd(0);
    }
}
