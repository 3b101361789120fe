package io.penstock.batch.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.journal.Disk;
import io.penstock.batch.journal.FileDisk;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import io.penstock.serving.http.FileAnswer;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.http.HttpRouter;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.openai.BadRequestException;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.JsonBody;
import io.penstock.serving.stream.IoThreads;
import io.penstock.serving.stream.StreamEngine;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * OpenAI's {@code /v1/files} and {@code /v1/batches} for one server. What takes a disk's time is done on one thread of
 * its own.
 */
public final class BatchApi implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BatchApi.class);
    private static final String FILES = "/v1/files";
    private static final String BATCHES = "/v1/batches";
    private static final String CONTENT = "/content";
    private static final String CANCEL = "/cancel";
    private static final int DEFAULT_LIMIT = 20;
    private static final int MOST_LIMIT = 10_000;
    private static final int HOUR_SECONDS = 3_600;
    private static final int MOST_HOURS = 24 * 14;
    private static final List<String> ENDPOINTS = List.of("/v1/chat/completions", "/v1/completions");

    private final BatchStore store;
    private final BatchService service;
    private final Clock clock;
    private final long maxFileBytes;
    private final ExecutorService disk = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("penstock-files").factory());
    private final SecureRandom random = new SecureRandom();

    /**
     * What the server is asked to keep.
     *
     * @param folder for files and batches
     * @param maxFileBytes the longest upload
     */
    public record Settings(Path folder, long maxFileBytes) {}

    /**
     * What lines may say and answers show, as at the server's other endpoints.
     *
     * @param modelNames what lines may call the model
     * @param separatesReasoning thinking is a field of its own where a line does not say otherwise
     */
    public record Answers(List<String> modelNames, boolean separatesReasoning) {}

    private BatchApi(BatchStore store, BatchService service, Settings settings, Clock clock) {
        this.store = store;
        this.service = service;
        this.clock = clock;
        maxFileBytes = settings.maxFileBytes();
    }

    /**
     * Opens the folder and goes on with the batches in it.
     *
     * @param answers how lines are read and answered; those without a seed of their own get one as job 0
     * @param results all that results depend on but input and line
     * @throws InputException if the folder cannot be used
     */
    public static BatchApi open(
            Settings settings, StreamEngine engine, IoThreads io, Answers answers, ObjectNode results) {
        Disk disk = new FileDisk();
        RequestEncoder encoder = engine.encoder();
        var store = new BatchStore(disk, settings.folder());
        Clock clock = Clock.systemUTC();
        var service = new BatchService(store, disk, new BatchService.Model(encoder, answers, results),
                () -> new ServerEngine(engine, io), clock);
        service.start();
        return new BatchApi(store, service, settings, clock);
    }

    /** Adds what clients ask for. */
    public void addTo(HttpRouter router) {
        router.addUpload("POST", FILES, maxFileBytes,
                        exchange -> new Upload(exchange, disk, store.uploads(), this::add))
                .add("GET", FILES, exchange -> list(exchange, store.files(), StoredFile::id, file -> file))
                .add("GET", FILES + "/*", this::showFile)
                .add("DELETE", FILES + "/*", this::deleteFile)
                .add("POST", BATCHES, this::create)
                .add("GET", BATCHES, exchange -> list(
                        exchange, store.batches(), StoredBatch::id, service::counted))
                .add("GET", BATCHES + "/*", this::showBatch)
                .add("POST", BATCHES + "/*", this::cancel);
    }

    private String newId(String prefix) {
        byte[] bytes = new byte[12];
        random.nextBytes(bytes);
        return prefix + HexFormat.of().formatHex(bytes);
    }

    private JsonBody add(String name, String purpose, Path content) throws IOException {
        long bytes = java.nio.file.Files.size(content);
        if (!purpose.equals("batch")) {
            java.nio.file.Files.delete(content);
            throw new BadRequestException("purpose must be batch", "purpose");
        }
        return store.addFile(new StoredFile(newId("file-"), bytes, clock.instant().getEpochSecond(), name, purpose),
                content);
    }

    /** A page of a list, behind {@code after}. */
    private <T> void list(HttpExchange exchange, List<T> all, Function<T, String> id,
            Function<T, ? extends JsonBody> shown) {
        String asked = exchange.query("limit");
        String after = exchange.query("after");
        int limit = asked == null ? DEFAULT_LIMIT : asked.matches("[0-9]{1,5}") ? Integer.parseInt(asked) : -1;
        if (limit < 1 || limit > MOST_LIMIT) {
            throw new BadRequestException("limit must be between 1 and " + MOST_LIMIT, "limit");
        }
        int from = 0;
        while (after != null && from < all.size() && !id.apply(all.get(from)).equals(after)) {
            from++;
        }
        int begin = Math.min(all.size(), after == null ? 0 : from + 1);
        List<T> page = all.subList(begin, Math.min(all.size(), begin + limit));
        exchange.respond(200, (JsonBody) json -> {
            json.writeStartObject();
            json.writeStringField("object", "list");
            json.writeArrayFieldStart("data");
            for (T each : page) {
                shown.apply(each).writeTo(json);
            }
            json.writeEndArray();
            writeId(json, "first_id", page.isEmpty() ? null : id.apply(page.getFirst()));
            writeId(json, "last_id", page.isEmpty() ? null : id.apply(page.getLast()));
            json.writeBooleanField("has_more", begin + page.size() < all.size());
            json.writeEndObject();
        });
    }

    private static void writeId(JsonGenerator json, String name, String id) throws IOException {
        json.writeFieldName(name);
        if (id == null) {
            json.writeNull();
        } else {
            json.writeString(id);
        }
    }

    private static void notFound(HttpExchange exchange, String what, String id) {
        exchange.respond(404, new ErrorBody("No such " + what + ": " + id, ErrorBody.INVALID_REQUEST, "id", null));
    }

    private static String idIn(HttpExchange exchange, String prefix, String suffix) {
        String path = exchange.path();
        int end = path.endsWith(suffix) ? path.length() - suffix.length() : path.length();
        return path.substring(prefix.length() + 1, Math.max(prefix.length() + 1, end));
    }

    private void showFile(HttpExchange exchange) {
        String id = idIn(exchange, FILES, CONTENT);
        StoredFile file = store.file(id);
        if (file == null) {
            notFound(exchange, "File object", id);
        } else if (exchange.path().endsWith(CONTENT)) {
            FileAnswer.send(exchange, "application/octet-stream", store.content(file), disk);
        } else {
            exchange.respond(200, file);
        }
    }

    private void deleteFile(HttpExchange exchange) {
        String id = idIn(exchange, FILES, "");
        StoredFile file = store.file(id);
        if (file == null) {
            notFound(exchange, "File object", id);
            return;
        }
        boolean isInUse = store.batches().stream()
                .anyMatch(batch -> !batch.status().isOver() && batch.inputFileId().equals(id));
        if (isInUse) {
            throw new BadRequestException("the file is the input of a batch that runs: cancel that first", "id");
        }
        onDisk(exchange, () -> {
            store.deleteFile(file);
            return json -> {
                json.writeStartObject();
                json.writeStringField("id", id);
                json.writeStringField("object", "file");
                json.writeBooleanField("deleted", true);
                json.writeEndObject();
            };
        });
    }

    private void create(HttpExchange exchange) {
        ObjectNode body = StrictJson.parseObject(exchange.body(), "the body");
        String endpoint = body.path("endpoint").asText();
        if (!ENDPOINTS.contains(endpoint)) {
            throw new BadRequestException("endpoint must be one of " + String.join(", ", ENDPOINTS), "endpoint");
        }
        String fileId = body.path("input_file_id").asText();
        StoredFile file = store.file(fileId);
        if (file == null || !file.purpose().equals("batch")) {
            throw new BadRequestException("input_file_id must name an uploaded file of purpose batch", "input_file_id");
        }
        String window = body.path("completion_window").asText();
        int hours = window.matches("[0-9]{1,3}h") ? Integer.parseInt(window.substring(0, window.length() - 1)) : 0;
        if (hours < 1 || hours > MOST_HOURS) {
            throw new BadRequestException("completion_window must be hours, such as 24h, at most " + MOST_HOURS + "h",
                    "completion_window");
        }
        JsonNode metadata = body.path("metadata").isObject() ? body.get("metadata") : null;
        StoredBatch batch = StoredBatch.begun(newId("batch_"), endpoint, fileId, window,
                clock.instant().getEpochSecond(), (long) hours * HOUR_SECONDS, metadata);
        onDisk(exchange, () -> service.add(batch));
    }

    private void showBatch(HttpExchange exchange) {
        String id = idIn(exchange, BATCHES, "");
        StoredBatch batch = store.batch(id);
        if (batch == null) {
            notFound(exchange, "Batch object", id);
        } else {
            exchange.respond(200, service.counted(batch));
        }
    }

    private void cancel(HttpExchange exchange) {
        String id = idIn(exchange, BATCHES, CANCEL);
        StoredBatch batch = exchange.path().endsWith(CANCEL) ? store.batch(id) : null;
        if (batch == null) {
            notFound(exchange, "Batch object", id);
        } else {
            onDisk(exchange, () -> service.cancel(batch));
        }
    }

    private interface Task {
        JsonBody run() throws IOException;
    }

    private void onDisk(HttpExchange exchange, Task task) {
        disk.execute(() -> {
            Runnable answer;
            try {
                JsonBody body = task.run();
                answer = () -> exchange.respond(200, body);
            } catch (InputException e) {
                answer = () -> exchange.respond(400, ErrorBody.of(e));
            } catch (IOException e) {
                LOG.error("{} cannot be done", exchange.path(), e);
                answer = () -> exchange.respond(507, new ErrorBody(
                        "the server cannot write: " + e.getMessage(), ErrorBody.SERVER_ERROR, null, null));
            }
            exchange.eventLoop().execute(answer);
        });
    }

    /** Stops the batch that runs, to go on when the server starts again. */
    @Override
    public void close() {
        service.close();
        disk.shutdown();
    }
}
