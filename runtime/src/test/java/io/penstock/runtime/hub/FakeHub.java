package io.penstock.runtime.hub;

import io.penstock.runtime.hub.FakeServer.Reply;
import io.penstock.runtime.hub.FakeServer.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/**
 * A hub with one repository, {@code org/tiny}, and a second server as its CDN: safetensors files are redirected there,
 * all others served at the hub. Replies can be scripted, one request each, by a part of the path.
 */
final class FakeHub implements AutoCloseable {
    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    static final ModelReference MODEL = ModelReference.parse("org/tiny");
    static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    final Map<String, byte[]> files = new LinkedHashMap<>();
    final List<Duration> sleeps = new CopyOnWriteArrayList<>();
    final FakeServer hub = new FakeServer(this::atHub);
    final FakeServer cdn = new FakeServer(this::atCdn);
    /** Changes an ordinary reply. */
    private final Map<String, Deque<BiFunction<Request, Reply, Reply>>> scripts = new HashMap<>();

    FakeHub() {
        files.put("config.json", text("{\"model_type\": \"lfm2\"}"));
        files.put("tokenizer.json", text("{\"model\": {}}"));
        files.put("tokenizer_config.json", text("{}"));
        files.put("chat_template.jinja", text("{{ messages }}"));
        files.put("README.md", text("# tiny"));
        files.put("pytorch_model.bin", random(100, 9));
        files.put("onnx/model.safetensors", random(100, 8));
        files.put("model.safetensors", random(300_000, 1));
    }

    HubClient client(Path cache, String... environment) {
        return client(new HubCache(cache, true), environment);
    }

    HubClient client(HubCache cache, String... environment) {
        Map<String, String> env = new HashMap<>(Map.of(
                "HF_ENDPOINT", hub.url(), "HOME", cache.directory().toString(), "HF_HUB_DOWNLOAD_TIMEOUT", "5"));
        for (int i = 0; i < environment.length; i += 2) {
            env.put(environment[i], environment[i + 1]);
        }
        Retry retry = new Retry(4, Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofMinutes(5),
                InstantSource.fixed(NOW), sleeps::add);
        return new HubClient(HubSettings.of(env), cache, retry);
    }

    /** The next request whose "METHOD path" contains {@code part} gets what {@code change} makes of its reply. */
    synchronized FakeHub script(String part, BiFunction<Request, Reply, Reply> change) {
        scripts.computeIfAbsent(part, _ -> new ArrayDeque<>()).add(change);
        return this;
    }

    /** As {@link #script}, for all requests to come. */
    FakeHub always(String part, BiFunction<Request, Reply, Reply> change) {
        for (int i = 0; i < 100; i++) {
            script(part, change);
        }
        return this;
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    String hash(String file) {
        byte[] content = files.get(file);
        return isLarge(file) ? hex("SHA-256", content)
                : hex("SHA-1", text("blob " + content.length + "\0"), content);
    }

    @Override
    public void close() throws IOException {
        hub.close();
        cdn.close();
    }

    private Reply atHub(Request request) {
        String listing = "/api/models/org/tiny/revision/";
        String resolve = "/org/tiny/resolve/(" + COMMIT + "|main)/";
        Reply reply;
        if (request.path().startsWith(listing)) {
            reply = Reply.of(200, text("{\"id\": \"org/tiny\", \"sha\": \"" + COMMIT + "\", \"siblings\": ["
                    + files.keySet().stream().map(f -> "{\"rfilename\": \"" + f.replace("\\", "\\\\") + "\"}")
                            .collect(Collectors.joining(", ")) + "]}"));
        } else if (request.path().matches(resolve + ".+")) {
            reply = resolved(request, request.path().replaceFirst(resolve, ""));
        } else {
            reply = Reply.status(404, "X-Error-Code", "RepoNotFound");
        }
        return scripted(request, reply);
    }

    private Reply resolved(Request request, String file) {
        byte[] content = files.get(file);
        if (content == null) {
            return Reply.status(404, "X-Error-Code", "EntryNotFound");
        }
        if (isLarge(file)) {
            return Reply.status(302, "X-Repo-Commit", COMMIT, "X-Linked-Etag", "\"" + hash(file) + "\"",
                    "X-Linked-Size", "" + content.length, "ETag", "\"redirect\"",
                    "Location", cdn.url() + "/blobs/" + file + "?sig=a|b");
        }
        return ranged(request, content, "\"" + hash(file) + "\"").with("X-Repo-Commit", COMMIT);
    }

    private Reply atCdn(Request request) {
        String file = request.path().replaceAll("^/blobs/|\\?.*$", "");
        return scripted(request, ranged(request, files.get(file), "\"cdn-" + file + "\""));
    }

    private static Reply ranged(Request request, byte[] content, String tag) {
        String range = request.header("Range");
        String condition = request.header("If-Range");
        if (range == null || condition != null && !condition.equals(tag)) {
            return Reply.of(200, content, "ETag", tag);
        }
        int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
        if (from >= content.length) {
            return Reply.status(416, "Content-Range", "bytes */" + content.length);
        }
        return Reply.of(206, Arrays.copyOfRange(content, from, content.length), "ETag", tag,
                "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    }

    private Reply scripted(Request request, Reply reply) {
        BiFunction<Request, Reply, Reply> change = nextScript(request.method() + " " + request.path());
        return change == null ? reply : change.apply(request, reply);
    }

    private synchronized BiFunction<Request, Reply, Reply> nextScript(String asked) {
        for (Map.Entry<String, Deque<BiFunction<Request, Reply, Reply>>> script : scripts.entrySet()) {
            if (asked.contains(script.getKey()) && !script.getValue().isEmpty()) {
                return script.getValue().remove();
            }
        }
        return null;
    }

    private static boolean isLarge(String file) {
        return file.endsWith(".safetensors");
    }

    private static String hex(String algorithm, byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            for (byte[] part : parts) {
                digest.update(part);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
