package io.penstock.runtime.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {
    @TempDir
    Path home;

    private Map<String, String> environment(String... pairs) {
        Map<String, String> env = new HashMap<>(Map.of("HOME", home.toString()));
        for (int i = 0; i < pairs.length; i += 2) {
            env.put(pairs[i], pairs[i + 1]);
        }
        return env;
    }

    private HubSettings settings(String... pairs) {
        return HubSettings.of(environment(pairs));
    }

    private Path cache(String... pairs) {
        return home.relativize(HubCache.of(environment(pairs)).directory());
    }

    @Test
    void defaults() {
        HubSettings settings = settings();
        assertEquals(URI.create("https://huggingface.co"), settings.endpoint());
        assertEquals(Optional.empty(), settings.token());
        assertFalse(settings.offline());
        assertEquals(Duration.ofSeconds(10), settings.downloadTimeout());
        assertEquals(Duration.ofSeconds(10), settings.etagTimeout());
    }

    @Test
    void theCacheIsWhereOtherProgramsLook() {
        assertEquals(Path.of(".cache/huggingface/hub"), cache());
        assertEquals(Path.of("xdg/huggingface/hub"), cache("XDG_CACHE_HOME", "~/xdg"));
        assertEquals(Path.of("hf/hub"), cache("XDG_CACHE_HOME", "~/xdg", "HF_HOME", "$HOME/hf"));
        assertEquals(Path.of("old"), cache("HF_HOME", "~/hf", "HUGGINGFACE_HUB_CACHE", "~/old"));
        assertEquals(Path.of("c"), cache("HF_HUB_CACHE", "${HOME}/c", "HUGGINGFACE_HUB_CACHE", "~/old"));
        assertEquals(Path.of("hf/hub"), cache("HF_HUB_CACHE", " ", "HF_HOME", home + "/hf"));
        assertEquals(Path.of("$NONE/c"), cache("HF_HUB_CACHE", "~/$NONE/c"));
    }

    @Test
    void theTokenComesFromTheFirstPlaceThatHasOne() throws IOException {
        Path inHome = Files.createDirectories(home.resolve(".cache/huggingface")).resolve("token");
        Files.writeString(inHome, "hf_home\n");
        Path elsewhere = Files.writeString(home.resolve("elsewhere"), " hf_path ");
        assertEquals(Optional.of("hf_home"), settings().token());
        assertEquals(Optional.of("hf_path"), settings("HF_TOKEN_PATH", elsewhere.toString()).token());
        assertEquals(Optional.of("hf_env"), settings("HF_TOKEN_PATH", "~/elsewhere", "HF_TOKEN", "hf_env").token());
        assertEquals(Optional.empty(), settings("HF_TOKEN_PATH", "~/none").token());
        Files.writeString(inHome, "\n");
        assertEquals(Optional.empty(), settings().token());
    }

    @Test
    void theTokenIsNeverShown() {
        assertFalse(settings("HF_TOKEN", "hf_secret").toString().contains("secret"));
        String message = assertThrows(InputException.class, () -> settings("HF_TOKEN", "hf_sec\nret")).getMessage();
        assertFalse(message.contains("sec"), message);
        assertTrue(message.startsWith("HF_TOKEN holds"), message);
    }

    @ParameterizedTest
    @CsvSource({"1, true", "true, true", "Yes, true", "ON, true", "0, false", "no, false", "'', false"})
    void offline(String value, boolean expected) {
        assertEquals(expected, settings("HF_HUB_OFFLINE", value).offline());
    }

    @Test
    void endpointsLoseTheirLastSlash() {
        assertEquals("http://mirror:8080/hf", settings("HF_ENDPOINT", "http://mirror:8080/hf//").endpoint().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"huggingface.co", "ftp://a", "http://", "http://a b", "http://user:pw@host", "http://h?x",
        "http://h#x", "/dir"})
    void endpointsMustBeUrls(String endpoint) {
        String message = assertThrows(InputException.class, () -> settings("HF_ENDPOINT", endpoint)).getMessage();
        assertTrue(message.startsWith("HF_ENDPOINT must be a URL"), message);
    }

    @Test
    void timeoutsAreSeconds() {
        assertEquals(Duration.ofSeconds(90), settings("HF_HUB_DOWNLOAD_TIMEOUT", "90").downloadTimeout());
        assertEquals(Duration.ofSeconds(3), settings("HF_HUB_ETAG_TIMEOUT", "3").etagTimeout());
        for (String bad : new String[] {"0", "-1", "ten", "1e3", "99999999"}) {
            assertThrows(InputException.class, () -> settings("HF_HUB_ETAG_TIMEOUT", bad), bad);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "https://huggingface.co/x, HTTP @ 1.2.3.4/<unresolved>:3128",
        "http://hub/x, HTTP @ plain/<unresolved>:80",
        "https://internal/x, DIRECT",
        "https://a.corp.example/x, DIRECT",
        "https://corp.example/x, DIRECT",
        "https://notcorp.example/x, HTTP @ 1.2.3.4/<unresolved>:3128",
        "https://deep.star.example/x, DIRECT",
    })
    void proxiesComeFromTheEnvironment(String url, String expected) {
        HubSettings settings = settings("HTTPS_PROXY", "http://1.2.3.4:3128", "http_proxy", "plain",
                "NO_PROXY", "internal, .corp.example,*.star.example");
        assertEquals(expected, settings.proxies().select(URI.create(url)).getFirst().toString());
    }

    @Test
    void requestsGoThroughTheProxy() throws IOException {
        try (FakeServer proxy = new FakeServer(_ -> FakeServer.Reply.status(404, "X-Error-Code", "RepoNotFound"))) {
            HubClient client = HubClient.of(environment("HF_ENDPOINT", "http://hub.example",
                    "HTTP_PROXY", proxy.url().replace("127.0.0.1", "localhost")));
            String message = assertThrows(InputException.class,
                    () -> client.pull(FakeHub.MODEL, PullProgress.SILENT)).getMessage();
            assertEquals("hub.example has no model org/tiny: check the name", message);
            assertEquals("http://hub.example/api/models/org/tiny/revision/main",
                    proxy.requests().getFirst().path());
        }
    }

    @Test
    void proxiesMustBeUsable() {
        String message = assertThrows(InputException.class,
                () -> settings("HTTPS_PROXY", "http://user:secret@proxy:1")).getMessage();
        assertFalse(message.contains("secret"), message);
        assertThrows(InputException.class, () -> settings("ALL_PROXY", "socks5://proxy:1"));
    }
}
