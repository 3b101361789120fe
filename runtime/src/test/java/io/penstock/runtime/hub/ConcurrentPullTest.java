package io.penstock.runtime.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several pulls of one model, in one process and in several, and one that is killed. */
@Timeout(30)
class ConcurrentPullTest {
    private static final String WEIGHTS = "model.safetensors";

    @TempDir
    Path cache;
    private final FakeHub fake = new FakeHub();

    /** What the other process runs. */
    static final class OtherProcess {
        private OtherProcess() {
        }

        public static void main(String[] arguments) {
            HubClient.of(System.getenv()).pull(FakeHub.MODEL, PullProgress.SILENT);
        }
    }

    @AfterEach
    void close() throws IOException {
        fake.close();
    }

    private Process startOther() throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-cp", classPath, OtherProcess.class.getName());
        builder.environment().keySet().removeIf(
                name -> name.startsWith("HF_") || name.toLowerCase(Locale.ROOT).contains("proxy"));
        builder.environment().putAll(Map.of("HF_ENDPOINT", fake.hub.url(), "HF_HUB_CACHE", cache.toString(),
                "HF_HOME", cache.resolve("home").toString()));
        return builder.inheritIO().start();
    }

    private static PullProgress whenWaiting(Runnable action) {
        return new PullProgress() {
            @Override
            public void fileWaiting(String file) {
                action.run();
            }
        };
    }

    private Path pull(PullProgress progress) {
        return fake.client(cache).pull(FakeHub.MODEL, progress);
    }

    private void assertWeights(Path snapshot) throws IOException {
        assertArrayEquals(fake.files.get(WEIGHTS), Files.readAllBytes(snapshot.resolve(WEIGHTS)));
    }

    @Test
    void theSecondPullInAProcessWaitsForTheFirst() throws Exception {
        CountDownLatch firstIsDownloading = new CountDownLatch(1);
        CountDownLatch secondWaits = new CountDownLatch(1);
        fake.script("GET /blobs/", (_, reply) -> {
            firstIsDownloading.countDown();
            await(secondWaits);
            return reply;
        });
        CompletableFuture<Path> first = CompletableFuture.supplyAsync(() -> pull(PullProgress.SILENT));
        await(firstIsDownloading);
        Path second = pull(whenWaiting(secondWaits::countDown));
        assertEquals(first.get(10, TimeUnit.SECONDS), second);
        assertWeights(second);
        assertEquals(1, fake.cdn.requests().size());
    }

    @Test
    void theSecondProcessWaitsForTheFirst() throws Exception {
        CountDownLatch otherIsDownloading = new CountDownLatch(1);
        CountDownLatch thisWaits = new CountDownLatch(1);
        fake.script("GET /blobs/", (_, reply) -> {
            otherIsDownloading.countDown();
            await(thisWaits);
            return reply;
        });
        Process other = startOther();
        await(otherIsDownloading);
        assertWeights(pull(whenWaiting(thisWaits::countDown)));
        assertTrue(other.waitFor(10, TimeUnit.SECONDS));
        assertEquals(0, other.exitValue());
        assertEquals(1, fake.cdn.requests().size());
    }

    @Test
    void aKilledPullIsCompletedByTheNext() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        fake.script("GET /blobs/", (_, reply) -> reply.cutAfter(200_000).stallingUntil(end));
        Process other = startOther();
        Path part = cache.resolve("models--org--tiny/blobs").resolve(fake.hash(WEIGHTS) + ".penstock.incomplete");
        while (!Files.exists(part) || Files.size(part) < 200_000) {
            assertTrue(other.isAlive());
            Thread.sleep(5);
        }
        other.destroyForcibly().waitFor();
        end.countDown();
        assertEquals(Optional.empty(), new HubCache(cache, true).snapshot(FakeHub.MODEL));
        assertWeights(pull(PullProgress.SILENT));
        assertEquals(List.of("bytes=200000-"),
                fake.cdn.requests().stream().skip(1).map(r -> r.header("Range")).toList());
    }

    @Test
    void anInterruptEndsAPullInOneLine() throws Exception {
        CountDownLatch downloading = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        fake.script("GET /blobs/", (_, reply) -> {
            downloading.countDown();
            return reply.cutAfter(10).stallingUntil(end);
        });
        CompletableFuture<String> message = new CompletableFuture<>();
        Thread puller = Thread.ofPlatform().start(() -> {
            try {
                message.complete("pulled " + pull(PullProgress.SILENT));
            } catch (InputException e) {
                message.complete(e.getMessage() + Thread.currentThread().isInterrupted());
            }
        });
        await(downloading);
        puller.interrupt();
        assertEquals("the download of org/tiny was interrupted: pull again to go ontrue",
                message.get(10, TimeUnit.SECONDS));
        end.countDown();
        assertWeights(pull(PullProgress.SILENT));
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(10, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
