package io.penstock.runtime.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.runtime.hub.FakeServer.Reply;
import io.penstock.runtime.hub.FakeServer.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks and servers that fail in the middle, and what an earlier pull left. */
class PullRecoveryTest {
    private static final String WEIGHTS = "model.safetensors";
    private static final String AT_CDN = "GET /blobs/";

    @TempDir
    Path cache;
    private final FakeHub fake = new FakeHub();
    private final byte[] weights = fake.files.get(WEIGHTS);

    @AfterEach
    void close() throws IOException {
        fake.close();
    }

    private Path pull(String... environment) {
        return fake.client(cache, environment).pull(FakeHub.MODEL, PullProgress.SILENT);
    }

    private void assertPulled(String... environment) throws IOException {
        Path snapshot = pull(environment);
        assertArrayEquals(weights, Files.readAllBytes(snapshot.resolve(WEIGHTS)));
        assertFalse(Files.exists(part()));
    }

    private String refusal() {
        String message = assertThrows(InputException.class, this::pull).getMessage();
        assertFalse(message.contains("\n"), message);
        assertFalse(Files.exists(cache.resolve("models--org--tiny/blobs").resolve(fake.hash(WEIGHTS))),
                "nothing under its final name");
        assertEquals(Optional.empty(), fake.client(cache).cache().snapshot(FakeHub.MODEL));
        return message;
    }

    private Path part() {
        return cache.resolve("models--org--tiny/blobs").resolve(fake.hash(WEIGHTS) + ".penstock.incomplete");
    }

    private void leavePart(byte[] bytes) throws IOException {
        Files.createDirectories(part().getParent());
        Files.write(part(), bytes);
    }

    private List<String> ranges() {
        return fake.cdn.requests().stream().map(r -> String.valueOf(r.header("Range"))).toList();
    }

    @Test
    void afterACutOnlyTheMissingBytesAreAskedFor() throws IOException {
        fake.script(AT_CDN, (_, reply) -> reply.cutAfter(100_000));
        fake.script(AT_CDN, (_, reply) -> reply.cutAfter(50_000));
        assertPulled();
        assertEquals(List.of("null", "bytes=100000-", "bytes=150000-"), ranges());
        assertEquals("\"cdn-model.safetensors\"", fake.cdn.requests().get(1).header("If-Range"));
        List<Request> atHub = fake.hub.requests("GET", "/resolve/" + FakeHub.COMMIT + "/" + WEIGHTS);
        assertEquals(3, atHub.size(), "each attempt asks for a fresh URL");
        assertNull(atHub.get(1).header("If-Range"), "the hub's tag of a redirect is not the content's");
        assertEquals(List.of(Duration.ofMillis(500), Duration.ofSeconds(1)), fake.sleeps);
    }

    @Test
    void whatTheHubItselfServesIsResumedUnderItsTag() throws IOException {
        fake.script("GET /org/tiny/resolve/" + FakeHub.COMMIT + "/config.json", (_, reply) -> reply.cutAfter(5));
        Path snapshot = pull();
        List<Request> gets = fake.hub.requests("GET", "/config.json");
        assertEquals("bytes=5-", gets.get(1).header("Range"));
        assertEquals("\"" + fake.hash("config.json") + "\"", gets.get(1).header("If-Range"));
        assertArrayEquals(fake.files.get("config.json"), Files.readAllBytes(snapshot.resolve("config.json")));
    }

    @Test
    void aLaterPullGoesOnWhereAnEarlierOneEnded() throws IOException {
        leavePart(Arrays.copyOf(weights, 299_000));
        assertPulled();
        assertEquals(List.of("bytes=299000-"), ranges());
    }

    @Test
    void aPartThatIsAllThereIsOnlyVerified() throws IOException {
        leavePart(weights);
        assertPulled();
        assertEquals(List.of(), ranges());
    }

    @Test
    void aPartWithWrongBytesIsFetchedAnew() throws IOException {
        leavePart(new byte[299_000]);
        assertPulled();
        assertEquals(List.of("bytes=299000-", "null"), ranges());
    }

    @Test
    void aPartThatIsTooLongIsFetchedAnew() throws IOException {
        leavePart(Arrays.copyOf(weights, 300_001));
        assertPulled();
        assertEquals(List.of("null"), ranges());
    }

    @Test
    void blobsAndLinksOfTheWrongSizeAreReplaced() throws IOException {
        pull();
        Files.write(cache.resolve("models--org--tiny/blobs").resolve(fake.hash(WEIGHTS)), new byte[10]);
        assertPulled();
    }

    @Test
    void aServerThatIgnoresRangesIsReadFromTheStart() throws IOException {
        leavePart(Arrays.copyOf(weights, 1000));
        fake.script(AT_CDN, (_, reply) -> Reply.of(200, weights));
        assertPulled();
        assertEquals(List.of("bytes=1000-"), ranges());
    }

    @Test
    void aChangedFileIsReadFromTheStart() throws IOException {
        fake.script(AT_CDN, (_, reply) -> reply.cutAfter(1000).with("ETag", "\"older\""));
        assertPulled();
        assertEquals("\"older\"", fake.cdn.requests().get(1).header("If-Range"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes 0-299999/300000", "bytes 1000-299999/300001", "bytes 1000-300000/300000",
        "bytes 1000-999/300000", "bytes 2000-299999/300000", "items 1-2/3", ""})
    void aWrongContentRangeIsNotWritten(String range) throws IOException {
        leavePart(Arrays.copyOf(weights, 1000));
        fake.script(AT_CDN, (_, reply) -> reply.with("Content-Range", range));
        assertPulled();
        assertEquals(List.of("bytes=1000-", "null"), ranges(), "then without ranges");
    }

    @Test
    void aShorterRangeThanAskedForIsTaken() throws IOException {
        leavePart(Arrays.copyOf(weights, 1000));
        fake.script(AT_CDN, (_, reply) -> Reply.of(206, Arrays.copyOfRange(weights, 1000, 5000),
                "Content-Range", "bytes 1000-4999/*"));
        assertPulled();
        assertEquals(List.of("bytes=1000-", "bytes=5000-"), ranges());
    }

    @Test
    void anUnsatisfiableRangeStartsAnew() throws IOException {
        leavePart(Arrays.copyOf(weights, 1000));
        fake.script(AT_CDN, (_, _) -> Reply.status(416, "Content-Range", "bytes */10"));
        assertPulled();
        assertEquals(List.of("bytes=1000-", "null"), ranges());
    }

    @Test
    void aContentLengthThatLiesIsNotBelieved() throws IOException {
        fake.script(AT_CDN, (_, reply) -> reply.claiming(299_999));
        fake.script(AT_CDN, (_, reply) -> reply.claiming(300_001));
        assertPulled();
        assertEquals(List.of("null", "null", "null"), ranges());
    }

    @Test
    void moreBytesThanAnnouncedAreNotKept() throws IOException {
        fake.always(AT_CDN, (_, _) -> Reply.of(200, new byte[310_000]).claiming(-1));
        assertTrue(refusal().contains("more than the announced 300000 bytes"));
        assertEquals(0, Files.size(part()));
    }

    @Test
    void aBodyOfUnknownLengthIsTaken() throws IOException {
        fake.script(AT_CDN, (_, reply) -> reply.claiming(-1).cutAfter(200_000));
        fake.script(AT_CDN, (_, reply) -> reply.claiming(-1));
        assertPulled();
        assertEquals(List.of("null", "bytes=200000-"), ranges());
    }

    @Test
    void corruptBytesAreFetchedOnceMore() throws IOException {
        fake.script(AT_CDN, (_, reply) -> reply.withBody(new byte[300_000]));
        assertPulled();
        assertEquals(List.of("null", "null"), ranges());
    }

    @Test
    void bytesThatStayCorruptAreRefused() {
        fake.always(AT_CDN, (_, reply) -> reply.withBody(new byte[300_000]));
        String message = refusal();
        assertTrue(message.startsWith("model.safetensors from 127.0.0.1 is corrupt, again after a second download"),
                message);
        assertEquals(List.of("null", "null"), ranges());
        assertFalse(Files.exists(part()));
    }

    @Test
    void smallFilesAreVerifiedToo() {
        fake.always("GET /org/tiny/resolve/" + FakeHub.COMMIT + "/tokenizer.json",
                (_, reply) -> reply.withBody(FakeHub.text("{\"model\": []}")));
        assertTrue(refusal().startsWith("tokenizer.json from 127.0.0.1 is corrupt"));
    }

    @Test
    void aCompressedBodyIsNotTaken() throws IOException {
        fake.script(AT_CDN, (_, reply) -> reply.with("Content-Encoding", "gzip"));
        assertPulled();
        assertEquals("identity", fake.cdn.requests().getFirst().header("Accept-Encoding"));
    }

    @Test
    void retriesEndAndTheBytesStay() throws IOException {
        fake.always(AT_CDN, (_, reply) -> reply.cutAfter(1000));
        String message = refusal();
        assertTrue(message.startsWith("cannot download model.safetensors: "), message);
        assertTrue(message.endsWith("(4 attempts): pull again later, what has arrived is kept"), message);
        assertEquals(List.of(Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(1)), fake.sleeps,
                "doubled up to the cap");
        assertArrayEquals(Arrays.copyOf(weights, 4000), Files.readAllBytes(part()));
    }

    @Test
    void progressResetsTheCountOfFailures() throws IOException {
        byte[] large = FakeHub.random(8 << 20, 5);
        fake.files.put(WEIGHTS, large);
        for (int i = 0; i < 7; i++) {
            fake.script(AT_CDN, (_, reply) -> reply.cutAfter(1 << 20));
        }
        assertArrayEquals(large, Files.readAllBytes(pull().resolve(WEIGHTS)));
        assertEquals(8, fake.cdn.requests().size(), "more cuts than attempts are allowed in a row");
    }

    @Test
    void rateLimitsAreWaitedFor() throws IOException {
        fake.script("/revision/main", (_, _) -> Reply.status(429, "Retry-After", "37"));
        fake.script("/revision/main", (_, _) -> Reply.status(429, "Retry-After", "Sun, 01 Mar 2026 12:01:40 GMT"));
        fake.script("HEAD", (_, _) -> Reply.status(429, "RateLimit", "\"resolvers\";r=0;t=55"));
        fake.script(AT_CDN, (_, _) -> Reply.status(503, "Retry-After", "3"));
        fake.script(AT_CDN, (_, _) -> Reply.status(500));
        fake.script(AT_CDN, (_, _) -> Reply.status(503, "Retry-After", "soon"));
        assertPulled();
        assertEquals(List.of(37_000L, 100_000L, 55_000L, 3_000L, 1_000L, 1_000L),
                fake.sleeps.stream().map(Duration::toMillis).toList());
    }

    @Test
    void aRateLimitBeyondReasonEndsThePull() {
        fake.script("/revision/main", (_, _) -> Reply.status(429, "Retry-After", "86400"));
        assertTrue(refusal().endsWith("answers 429 and asks to wait 86400 s: pull again then"));
        assertEquals(List.of(), fake.sleeps);
    }

    @Test
    void anExpiredUrlIsAskedForAgain() throws IOException {
        fake.script(AT_CDN, (_, _) -> Reply.status(403));
        assertPulled();
        assertEquals(2, fake.hub.requests("GET", WEIGHTS).size());
    }

    @Test
    void silenceIsACutConnection() throws IOException {
        CountDownLatch end = new CountDownLatch(1);
        fake.script(AT_CDN, (_, reply) -> reply.cutAfter(1000).stallingUntil(end));
        assertPulled("HF_HUB_DOWNLOAD_TIMEOUT", "1");
        end.countDown();
        assertEquals(List.of("null", "bytes=1000-"), ranges());
    }

    @Test
    void aHubThatDoesNotAnswerIsGivenUp() {
        CountDownLatch end = new CountDownLatch(1);
        fake.script("/revision/main", (_, _) -> {
            await(end);
            return Reply.status(500);
        });
        String message = assertThrows(InputException.class, () -> pull("HF_HUB_ETAG_TIMEOUT", "1")).getMessage();
        end.countDown();
        assertTrue(message.startsWith("cannot reach " + fake.hub.url() + " for org/tiny: no answer in 1 s"), message);
        assertEquals(List.of(), fake.sleeps);
    }

    @Test
    void aHubThatFallsSilentLaterIsAskedAgain() throws IOException {
        CountDownLatch end = new CountDownLatch(1);
        fake.script("HEAD", (_, reply) -> {
            await(end);
            return reply;
        });
        assertPulled("HF_HUB_ETAG_TIMEOUT", "1");
        end.countDown();
        assertEquals(1, fake.sleeps.size());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
