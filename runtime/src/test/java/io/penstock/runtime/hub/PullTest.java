package io.penstock.runtime.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.runtime.hub.FakeServer.Reply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PullTest {
    private static final String SHARDED_INDEX = """
            {"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors",
             "b": "model-00002-of-00002.safetensors", "c": "model-00001-of-00002.safetensors"}}""";

    @TempDir
    Path cache;
    private final FakeHub fake = new FakeHub();

    @AfterEach
    void close() throws IOException {
        fake.close();
    }

    private Path pull(String... environment) {
        return fake.client(cache, environment).pull(FakeHub.MODEL, PullProgress.SILENT);
    }

    private String refusal(String... environment) {
        String message = assertThrows(InputException.class, () -> pull(environment)).getMessage();
        assertFalse(message.contains("\n"), message);
        return message;
    }

    private static Set<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    @Test
    void fetchesWhatAnEngineNeedsIntoTheStandardLayout() throws IOException {
        Path snapshot = pull();
        Path root = cache.resolve("models--org--tiny");
        assertEquals(root.resolve("snapshots").resolve(FakeHub.COMMIT), snapshot);
        assertEquals(Set.of("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja",
                "README.md", "model.safetensors"), names(snapshot));
        for (String file : names(snapshot)) {
            Path pointer = snapshot.resolve(file);
            assertEquals(Path.of("../../blobs", fake.hash(file)), Files.readSymbolicLink(pointer));
            assertArrayEquals(fake.files.get(file), Files.readAllBytes(pointer), file);
        }
        assertEquals(6, names(root.resolve("blobs")).size(), "no part files are left");
        assertEquals(FakeHub.COMMIT, Files.readString(root.resolve("refs/main")));
        assertEquals(Optional.of(snapshot), fake.client(cache).cache().snapshot(FakeHub.MODEL));
    }

    @Test
    void aSecondPullDownloadsNothing() {
        pull();
        fake.hub.requests().clear();
        fake.cdn.requests().clear();
        List<String> cached = new ArrayList<>();
        fake.client(cache).pull(FakeHub.MODEL, new PullProgress() {
            @Override
            public void fileCached(String file, long sizeBytes) {
                cached.add(file);
            }
        });
        assertEquals(6, cached.size());
        assertEquals(List.of(), fake.hub.requests("GET", "/resolve/"));
        assertEquals(List.of(), fake.cdn.requests());
    }

    @Test
    void aNewCommitOfABranchSharesUnchangedBlobs() throws IOException {
        Path root = cache.resolve("models--org--tiny");
        Path old = Files.createDirectories(root.resolve("blobs")).resolve(fake.hash("model.safetensors"));
        Files.write(old, fake.files.get("model.safetensors"));
        assertArrayEquals(fake.files.get("model.safetensors"),
                Files.readAllBytes(pull().resolve("model.safetensors")));
        assertEquals(List.of(), fake.cdn.requests());
    }

    @Test
    void shardsComeFromTheIndex() throws IOException {
        fake.files.remove("model.safetensors");
        fake.files.put(EngineFiles.INDEX, FakeHub.text(SHARDED_INDEX));
        fake.files.put("model-00001-of-00002.safetensors", FakeHub.random(5000, 2));
        fake.files.put("model-00002-of-00002.safetensors", FakeHub.random(6000, 3));
        fake.files.put("consolidated.safetensors", FakeHub.random(6000, 4));
        Path snapshot = pull();
        assertTrue(names(snapshot).containsAll(Set.of(EngineFiles.INDEX, "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors")));
        assertFalse(names(snapshot).contains("consolidated.safetensors"));
    }

    @Test
    void anIndexThatNamesAMissingOrUnsafeShardIsRefused() {
        fake.files.remove("model.safetensors");
        fake.files.put(EngineFiles.INDEX, FakeHub.text(SHARDED_INDEX));
        fake.files.put("model-00001-of-00002.safetensors", FakeHub.random(5000, 2));
        assertTrue(refusal().contains("lacks the shard model-00002-of-00002.safetensors"));
        fake.files.put(EngineFiles.INDEX, FakeHub.text("{\"weight_map\": {\"a\": \"../../../x.safetensors\"}}"));
        assertTrue(refusal().contains("no safe path"));
        fake.files.put(EngineFiles.INDEX, FakeHub.text("[]"));
        assertTrue(refusal().contains("it has no weight_map"));
    }

    @Test
    void theTokenGoesToTheEndpointOnly() {
        pull("HF_TOKEN", "hf_secret");
        assertTrue(fake.hub.requests().stream().allMatch(r -> "Bearer hf_secret".equals(r.header("Authorization"))));
        assertEquals(1, fake.cdn.requests().size());
        assertNull(fake.cdn.requests().getFirst().header("Authorization"));
        assertEquals("/blobs/model.safetensors?sig=a%7Cb", fake.cdn.requests().getFirst().path());
    }

    @Test
    void theTokenDoesNotComeBackAfterAForeignHop() throws IOException {
        try (FakeServer bouncer = new FakeServer(r -> Reply.status(
                302, "Location", fake.hub.url() + "/api/models/org/tiny/revision/bounced"))) {
            fake.script("/revision/main", (_, _) -> Reply.status(302, "Location", bouncer.url() + "/x"));
            pull("HF_TOKEN", "hf_secret");
            assertNull(bouncer.requests().getFirst().header("Authorization"));
            assertNull(fake.hub.requests("GET", "/revision/bounced").getFirst().header("Authorization"));
        }
    }

    @Test
    void redirectsWithinTheEndpointKeepTheTokenAndTheirHeaders() throws IOException {
        fake.script("HEAD /org/tiny/resolve/" + FakeHub.COMMIT + "/config.json", (_, reply) -> Reply.status(307,
                "X-Repo-Commit", FakeHub.COMMIT, "X-Linked-Etag", reply.headers().get("ETag"),
                "X-Linked-Size", "" + reply.length(), "Location", "/org/tiny/resolve/" + FakeHub.COMMIT
                        + "/config.json?again"));
        fake.always("config.json?again", (_, _) -> Reply.status(200, "ETag", "W/\"other\""));
        Path snapshot = pull("HF_TOKEN", "t");
        assertEquals("Bearer t", fake.hub.requests("HEAD", "config.json?again").getFirst().header("Authorization"));
        assertArrayEquals(fake.files.get("config.json"), Files.readAllBytes(snapshot.resolve("config.json")));
    }

    @Test
    void redirectsThatNeverEndAreGivenUp() {
        fake.always("/revision/main", (_, _) -> Reply.status(302, "Location", "/api/models/org/tiny/revision/main"));
        assertTrue(refusal().contains("more than 10 redirects"));
    }

    @Test
    void aRedirectToAFileIsNotFollowed() {
        fake.script("/revision/main", (_, _) -> Reply.status(302, "Location", "file:///etc/passwd"));
        assertTrue(refusal().contains("which is not followed"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "a/../../evil", "/etc/passwd", "a\\b", "..\\evil", "C:/evil", "a//b", "./a"})
    void unsafeFileNamesAreRefused(String name) throws IOException {
        fake.files.put(name, new byte[1]);
        assertTrue(refusal().contains("no safe path"));
        assertFalse(Files.exists(cache.resolve("models--org--tiny")));
    }

    @Test
    void controlCharactersInFileNamesAreRefusedAndNotShown() {
        fake.script("/revision/main", (_, _) -> Reply.of(200, FakeHub.text(
                "{\"sha\": \"" + FakeHub.COMMIT + "\", \"siblings\": [{\"rfilename\": \"a\\nb\\u001b.json\"}]}")));
        assertTrue(refusal().contains("'a?b?.json'"));
    }

    @Test
    void linksAreCopiesWhereTheyAreNotPossible() throws IOException {
        Path snapshot = fake.client(new HubCache(cache, false)).pull(FakeHub.MODEL, PullProgress.SILENT);
        Path weights = snapshot.resolve("model.safetensors");
        assertFalse(Files.isSymbolicLink(weights));
        assertArrayEquals(fake.files.get("model.safetensors"), Files.readAllBytes(weights));
        assertEquals(6, names(cache.resolve("models--org--tiny/blobs")).size());
        fake.cdn.requests().clear();
        pull();
        assertEquals(List.of(), fake.cdn.requests());
    }

    @Test
    void offlineOnlyTheCacheIsLookedAt() {
        assertTrue(refusal("HF_HUB_OFFLINE", "1").contains("HF_HUB_OFFLINE is set"));
        assertEquals(List.of(), fake.hub.requests());
        Path snapshot = pull();
        fake.hub.requests().clear();
        assertEquals(snapshot, pull("HF_HUB_OFFLINE", "1"));
        assertEquals(List.of(), fake.hub.requests());
    }

    @Test
    void aFullDiskIsSeenBeforeTheDownload() {
        HubCache small = new HubCache(cache, true, _ -> 200_000);
        String message = assertThrows(InputException.class,
                () -> fake.client(small).pull(FakeHub.MODEL, PullProgress.SILENT)).getMessage();
        assertEquals("org/tiny needs 0.3 MB more in " + cache
                + ", which has 0.2 MB free: make room or set HF_HUB_CACHE", message);
        assertEquals(List.of(), fake.cdn.requests());
    }

    @Test
    void copiesNeedTheirSpaceToo() {
        HubCache small = new HubCache(cache, false, _ -> 500_000);
        String message = assertThrows(InputException.class,
                () -> fake.client(small).pull(FakeHub.MODEL, PullProgress.SILENT)).getMessage();
        assertTrue(message.startsWith("org/tiny needs 0.6 MB more"), message);
    }

    @Test
    void anEmptyFileNeedsNoRequest() throws IOException {
        fake.files.put("LICENSE", new byte[0]);
        Path snapshot = pull();
        assertEquals(0, Files.size(snapshot.resolve("LICENSE")));
        assertEquals(List.of(), fake.hub.requests("GET", "/LICENSE"));
    }

    @Test
    void progressTellsTheStoryOfAFile() {
        List<String> story = new ArrayList<>();
        fake.client(cache).pull(FakeHub.MODEL, new PullProgress() {
            @Override
            public void fileStarted(String file, long sizeBytes, long presentBytes) {
                add(file, "started " + sizeBytes + " " + presentBytes);
            }

            @Override
            public void bytesAdvanced(String file, long presentBytes) {
                if (presentBytes == 300_000) {
                    add(file, "all bytes");
                }
            }

            @Override
            public void fileDone(String file) {
                add(file, "done");
            }

            @Override
            public void verified(String file) {
                add(file, "verified");
            }

            @Override
            public void retrying(String file, String reason, Duration delay) {
                add(file, "retrying");
            }

            private void add(String file, String what) {
                if (file.equals("model.safetensors")) {
                    story.add(what);
                }
            }
        });
        assertEquals(List.of("started 300000 0", "all bytes", "done", "verified"), story);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "401 | GatedRepo        | t | accept its licence at",
        "403 | GatedRepo        |   | set HF_TOKEN to a token of that account",
        "401 | RepoNotFound     |   | there is no such model, or it is private or gated",
        "403 | -                | t | with the account of this HF_TOKEN",
        "404 | RepoNotFound     |   | has no model org/tiny: check the name",
        "404 | RevisionNotFound |   | but no revision 'main' of it",
        "404 | -                |   | has no model org/tiny, or no revision 'main' of it",
        "400 | -                |   | answers 400 for org/tiny",
    })
    void refusalsSayWhatToDo(int status, String code, String token, String expected) {
        fake.script("/revision/main", (_, _) -> Reply.status(status, "X-Error-Code", code));
        String message = token == null ? refusal() : refusal("HF_TOKEN", token);
        assertTrue(message.contains(expected), message);
        assertEquals(List.of(), fake.sleeps, "no second attempt");
    }

    @Test
    void aGatedFileIsReportedThoughTheListingIsPublic() {
        fake.script("HEAD", (_, _) -> Reply.status(403, "X-Error-Code", "GatedRepo"));
        assertTrue(refusal().startsWith("org/tiny is gated: accept its licence at " + fake.hub.url() + "/org/tiny"));
    }

    @Test
    void anUnreachableHubIsNamedAtOnce() throws IOException {
        String closed = fake.hub.url();
        fake.close();
        String refused = refusal();
        assertTrue(refused.startsWith("cannot reach " + closed + " for org/tiny: the connection was refused"), refused);
        assertTrue(refused.contains("HF_HUB_OFFLINE=1") && refused.contains("--model DIR"), refused);
        String noHost = "http://" + "h".repeat(64) + ".invalid";
        String unknown = refusal("HF_ENDPOINT", noHost);
        assertTrue(unknown.startsWith("cannot reach " + noHost + " for org/tiny: unknown host"), unknown);
        assertEquals(List.of(), fake.sleeps);
    }

    /** The JDK's client now and then loses the plain answer and waits for the rest of the handshake instead. */
    @Test
    void aHubWithoutTlsIsNamed() throws IOException {
        try (ServerSocket plain = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread.ofPlatform().daemon().start(() -> {
                try (Socket connection = plain.accept()) {
                    // As a web server does: the answer comes after the greeting, not into its middle.
                    connection.getInputStream().read();
                    connection.getOutputStream().write(FakeHub.text("HTTP/1.1 400 Bad\r\n\r\n"));
                    connection.shutdownOutput();
                    connection.getInputStream().readAllBytes();
                } catch (IOException e) {
                    // The client gave up.
                }
            });
            String endpoint = "https://127.0.0.1:" + plain.getLocalPort();
            String message = refusal("HF_ENDPOINT", endpoint, "HF_HUB_DOWNLOAD_TIMEOUT", "1");
            String named = "cannot reach " + endpoint + " for org/tiny: ";
            assertTrue(message.startsWith(named + "no trusted TLS connection (")
                    || message.startsWith(named + "HTTP connect timed out"), message);
            assertEquals(List.of(), fake.sleeps);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>Log in</html>", "{}", "{\"sha\": \"../..\", \"siblings\": []}",
        "{\"sha\": \"" + FakeHub.COMMIT + "\"}", ""})
    void anEndpointThatIsNoHubIsNoticed(String body) {
        fake.script("/revision/main", (_, _) -> Reply.of(200, FakeHub.text(body)));
        assertTrue(refusal().contains("does not answer as a model hub does"));
    }

    @Test
    void fileHeadersAreNotTrusted() {
        fake.script("HEAD", (_, r) -> r.with("X-Repo-Commit", "f".repeat(40)));
        assertTrue(refusal().contains("not " + FakeHub.COMMIT));
        fake.script("HEAD", (_, r) -> r.with("ETag", "\"../../../x\""));
        assertTrue(refusal().contains("gives no hash to verify config.json"));
        fake.script("HEAD", (_, r) -> r.claiming(-1));
        assertTrue(refusal().contains("does not say how long config.json"));
        fake.script("HEAD", (_, _) -> Reply.status(200));
        assertTrue(refusal().contains("does not answer as a model hub does"));
    }

    @Test
    void aRepositoryWithoutAModelIsRefused() {
        fake.files.remove("model.safetensors");
        assertTrue(refusal().contains("neither model.safetensors nor model.safetensors.index.json"));
        fake.files.remove("tokenizer.json");
        assertTrue(refusal().contains("has no tokenizer.json"));
    }

    @Test
    void aCommitMustBeTheOneAskedFor() throws IOException {
        ModelReference other = ModelReference.parse("org/tiny@" + "e".repeat(40));
        assertThrows(InputException.class, () -> fake.client(cache).pull(other, PullProgress.SILENT));
        ModelReference same = ModelReference.parse("org/tiny@" + FakeHub.COMMIT);
        Path snapshot = fake.client(cache).pull(same, PullProgress.SILENT);
        assertFalse(Files.exists(cache.resolve("models--org--tiny/refs")));
        assertEquals(Optional.of(snapshot), new HubCache(cache, true).snapshot(same));
    }

    @Test
    void revisionsWithSlashesAreOnePartOfTheUrl() throws IOException {
        fake.client(cache).pull(ModelReference.parse("org/tiny@refs/pr/3"), PullProgress.SILENT);
        assertEquals(1, fake.hub.requests("GET", "/revision/refs%2Fpr%2F3").size());
        assertEquals(FakeHub.COMMIT, Files.readString(cache.resolve("models--org--tiny/refs/refs/pr/3")));
    }
}
