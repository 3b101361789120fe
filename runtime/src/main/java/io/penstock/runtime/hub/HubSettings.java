package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Where the hub is and how it is asked.
 *
 * @param endpoint scheme, host and perhaps a path, without a slash at the end
 * @param token sent to the endpoint's origin and nowhere else
 * @param offline no request is made at all
 * @param downloadTimeout for a connection, and the longest silence within a download
 * @param etagTimeout for the answer to a request for a listing or a file's size and hash
 * @param proxies which proxy a request goes through
 */
public record HubSettings(
        URI endpoint,
        Optional<String> token,
        boolean offline,
        Duration downloadTimeout,
        Duration etagTimeout,
        ProxySelector proxies) {
    private static final String PUBLIC_HUB = "https://huggingface.co";
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
    private static final long MAX_TIMEOUT_SECONDS = 24 * 3600;

    /**
     * From HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH or the token file in HF_HOME, HF_HUB_OFFLINE,
     * HF_HUB_DOWNLOAD_TIMEOUT, HF_HUB_ETAG_TIMEOUT (seconds), and HTTPS_PROXY, HTTP_PROXY, NO_PROXY.
     */
    public static HubSettings of(Map<String, String> environment) {
        HubEnvironment env = new HubEnvironment(environment);
        return new HubSettings(
                endpoint(env.text("HF_ENDPOINT").orElse(PUBLIC_HUB)),
                token(env),
                env.flag("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"),
                timeout(env, "HF_HUB_DOWNLOAD_TIMEOUT"),
                timeout(env, "HF_HUB_ETAG_TIMEOUT"),
                ProxyEnvironment.of(env));
    }

    /** Without the token's text. */
    @Override
    public String toString() {
        return "HubSettings[endpoint=" + endpoint + ", token=" + (token.isPresent() ? "set" : "none") + ", offline="
                + offline + ", downloadTimeout=" + downloadTimeout + ", etagTimeout=" + etagTimeout + "]";
    }

    private static URI endpoint(String text) {
        String trimmed = text.replaceAll("/+$", "");
        try {
            URI uri = new URI(trimmed);
            boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
            if (http && uri.getHost() != null && uri.getRawUserInfo() == null && uri.getRawQuery() == null
                    && uri.getRawFragment() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw new InputException(notAnEndpoint(trimmed), e);
        }
        throw new InputException(notAnEndpoint(trimmed));
    }

    private static String notAnEndpoint(String text) {
        return "HF_ENDPOINT must be a URL such as " + PUBLIC_HUB + ", not '" + HubNames.shown(text) + "'";
    }

    private static Optional<String> token(HubEnvironment env) {
        Optional<String> given = env.text("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN");
        if (given.isPresent()) {
            return Optional.of(printable("HF_TOKEN", given.get()));
        }
        Path file = env.path("HF_TOKEN_PATH").orElseGet(() -> env.hfHome().resolve("token"));
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            String text = Files.readString(file).strip();
            return text.isEmpty() ? Optional.empty() : Optional.of(printable(file.toString(), text));
        } catch (IOException e) {
            throw new InputException("cannot read the hub token in " + file + ": " + HubNames.reason(e), e);
        }
    }

    private static String printable(String source, String token) {
        if (!token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new InputException(source + " holds a space or a character that no hub token has: copy it again");
        }
        return token;
    }

    private static Duration timeout(HubEnvironment env, String name) {
        Optional<String> text = env.text(name);
        if (text.isEmpty()) {
            return DEFAULT_TIMEOUT;
        }
        try {
            long seconds = Long.parseLong(text.get());
            if (seconds >= 1 && seconds <= MAX_TIMEOUT_SECONDS) {
                return Duration.ofSeconds(seconds);
            }
        } catch (NumberFormatException e) {
            throw new InputException(notATimeout(name, text.get()), e);
        }
        throw new InputException(notATimeout(name, text.get()));
    }

    private static String notATimeout(String name, String text) {
        return name + " must be a whole number of seconds from 1 to " + MAX_TIMEOUT_SECONDS + ", not '"
                + HubNames.shown(text) + "'";
    }
}
