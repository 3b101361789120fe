package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/**
 * Requests for one model: follows redirects itself, so that the token goes to the endpoint's origin only, and turns
 * statuses into what a user can do about them. IOExceptions are worth another attempt; InputExceptions are not.
 */
final class HubRequests implements AutoCloseable {
    private static final int MAX_REDIRECTS = 10;
    private static final Pattern RATE_LIMIT_RESET = Pattern.compile("r=0;\\s*t=(\\d{1,9})");
    private static final Pattern NOT_IN_URLS = Pattern.compile("[^!-~]|[\"<>\\\\^`{|}]");

    private final HubSettings settings;
    private final ModelReference model;
    private final HttpClient client;
    private volatile boolean reached;

    /**
     * An answer with a status of 200, 206, 416, or a redirect that the caller wanted to see.
     *
     * @param uri what was asked in the end
     */
    record Answer(URI uri, int status, HttpHeaders headers, HttpBody body) implements AutoCloseable {
        /** A header's value, or null. */
        String header(String name) {
            return headers.firstValue(name).orElse(null);
        }

        boolean isRedirect() {
            return status >= 300 && status < 400 && header("Location") != null;
        }

        URI redirect() throws IOException {
            String location = header("Location");
            String legal = NOT_IN_URLS.matcher(location).replaceAll(c -> HubNames.urlPart(c.group()));
            try {
                return uri.resolve(new URI(legal));
            } catch (URISyntaxException | IllegalArgumentException e) {
                throw new IOException("the redirect of " + uri.getHost() + " is not a URL", e);
            }
        }

        /** Whether this redirects to another origin. */
        boolean leavesOrigin() {
            try {
                return isRedirect() && !sameOrigin(uri, redirect());
            } catch (IOException e) {
                return true;
            }
        }

        @Override
        public void close() {
            body.close();
        }
    }

    HubRequests(HubSettings settings, ModelReference model) {
        this.settings = settings;
        this.model = model;
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.downloadTimeout());
        if (settings.proxies() != null) {
            builder.proxy(settings.proxies());
        }
        client = builder.build();
    }

    /** A URL of the endpoint; {@code path} is percent-encoded and begins with a slash. */
    URI atEndpoint(String path) {
        return URI.create(settings.endpoint() + path);
    }

    static boolean sameOrigin(URI a, URI b) {
        return a.getScheme().equalsIgnoreCase(b.getScheme()) && a.getHost().equalsIgnoreCase(b.getHost())
                && port(a) == port(b);
    }

    /**
     * Sends a request and follows its redirects up to the first answer that {@code enough} accepts.
     *
     * @param headers what to send beside the token, by the URL that is asked
     * @param timeout for the head of each answer
     */
    Answer send(String method, URI start, Function<URI, Map<String, String>> headers, Duration timeout,
            Predicate<Answer> enough) throws IOException, InterruptedException {
        URI uri = start;
        boolean trusted = true;
        for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
            trusted &= sameOrigin(uri, settings.endpoint());
            Answer answer = exchange(request(method, uri, headers.apply(uri), trusted), timeout);
            boolean handOver = false;
            try {
                requireUsable(answer);
                if (!answer.isRedirect() || enough.test(answer)) {
                    handOver = true;
                    return answer;
                }
                uri = followed(answer);
            } finally {
                if (!handOver) {
                    answer.close();
                }
            }
        }
        throw new IOException("there are more than " + MAX_REDIRECTS + " redirects");
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    private HttpRequest request(String method, URI uri, Map<String, String> headers, boolean trusted) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header("User-Agent", "penstock")
                .header("Accept-Encoding", "identity");
        headers.forEach(request::header);
        if (trusted) {
            settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
        }
        return request.build();
    }

    private Answer exchange(HttpRequest request, Duration timeout) throws IOException, InterruptedException {
        CompletableFuture<Answer> head = new CompletableFuture<>();
        // The head is handed on from here: the client's own future fails if the body is cut soon after it.
        CompletableFuture<HttpResponse<HttpBody>> exchange = client.sendAsync(request, info -> {
            HttpBody body = new HttpBody();
            head.complete(new Answer(request.uri(), info.statusCode(), info.headers(), body));
            return body;
        });
        exchange.exceptionally(failure -> {
            if (!head.completeExceptionally(failure)) {
                head.join().body().onError(failure.getCause() == null ? failure : failure.getCause());
            }
            return null;
        });
        try {
            Answer answer = head.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            reached = true;
            return answer;
        } catch (TimeoutException e) {
            exchange.cancel(true);
            throw failed(request.uri(), new HttpTimeoutException("no answer in " + timeout.toSeconds() + " s"));
        } catch (InterruptedException e) {
            exchange.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            throw failed(request.uri(), e.getCause());
        }
    }

    /** Before anything was reached the settings are wrong or the network is down; later it is worth a retry. */
    private IOException failed(URI uri, Throwable cause) {
        String reason = switch (cause) {
            case SSLException e -> "no trusted TLS connection (" + HubNames.reason(e) + ")";
            case ConnectException e when hasCause(e, UnresolvedAddressException.class) -> "unknown host";
            case ConnectException e when e.getMessage() == null -> "the connection was refused";
            case Exception e -> HubNames.reason(e);
            case Throwable e -> e.toString();
        };
        boolean connecting = cause instanceof ConnectException || cause instanceof SSLException
                || cause instanceof HttpTimeoutException;
        if (!reached && connecting) {
            throw new InputException("cannot reach " + uri.getScheme() + "://" + uri.getAuthority() + " for " + model
                    + ": " + reason + ": check the network and HF_ENDPOINT, or use what is cached with"
                    + " HF_HUB_OFFLINE=1, or a folder with --model DIR", cause);
        }
        return new IOException(uri.getHost() + ": " + reason, cause);
    }

    private URI followed(Answer answer) throws IOException {
        URI next = answer.redirect();
        String scheme = next.getScheme() == null ? "" : next.getScheme().toLowerCase(Locale.ROOT);
        boolean downgrade = scheme.equals("http") && "https".equalsIgnoreCase(answer.uri().getScheme());
        if (next.getHost() == null || downgrade || !(scheme.equals("http") || scheme.equals("https"))) {
            throw new InputException(answer.uri().getHost() + " redirects " + model + " to "
                    + HubNames.shown(scheme + "://" + next.getHost()) + ", which is not followed from "
                    + answer.uri().getScheme());
        }
        return next;
    }

    private void requireUsable(Answer answer) throws IOException {
        int status = answer.status();
        if (status == 200 || status == 206 || status == 416 || answer.isRedirect()) {
            return;
        }
        String host = answer.uri().getHost();
        if (status == 408 || status == 425 || status == 429 || status >= 500) {
            throw new StatusException(host + " answers " + status, retryAfter(answer));
        }
        if (!sameOrigin(answer.uri(), settings.endpoint())) {
            // A signed URL has run out: the next attempt asks the endpoint for a fresh one.
            throw new IOException(host + " answers " + status);
        }
        throw new InputException(switch (status) {
            case 401, 403 -> refused(answer);
            case 404 -> notFound(answer);
            default -> host + " answers " + status + " for " + model + said(answer);
        });
    }

    private String refused(Answer answer) {
        String page = settings.endpoint() + "/" + model.repository();
        String account = settings.token().isPresent()
                ? "with the account of this HF_TOKEN" : "and set HF_TOKEN to a token of that account";
        if ("GatedRepo".equals(answer.header("X-Error-Code"))) {
            return model + " is gated: accept its licence at " + page + " " + account;
        }
        return settings.endpoint().getHost() + " refuses " + model + " (" + answer.status() + said(answer)
                + "): there is no such model, or it is private or gated: accept its licence at " + page + " " + account;
    }

    private String notFound(Answer answer) {
        String host = settings.endpoint().getHost();
        return switch (answer.header("X-Error-Code")) {
            case "RevisionNotFound" -> host + " has " + model.repository() + ", but no revision '" + model.revision()
                    + "' of it";
            case "EntryNotFound" -> host + " lists a file of " + model + " that it does not have: "
                    + answer.uri().getPath();
            case "RepoNotFound" -> host + " has no model " + model.repository() + ": check the name";
            case null, default -> host + " has no model " + model.repository() + ", or no revision '"
                    + model.revision() + "' of it: check both";
        };
    }

    private static String said(Answer answer) {
        String message = answer.header("X-Error-Message");
        return message == null ? "" : ", '" + HubNames.shown(message) + "'";
    }

    private static String retryAfter(Answer answer) {
        String limit = answer.header("RateLimit");
        Matcher reset = RATE_LIMIT_RESET.matcher(limit == null ? "" : limit);
        String asked = answer.header("Retry-After");
        return asked == null && reset.find() ? reset.group(1) : asked;
    }

    private static boolean hasCause(Throwable failure, Class<? extends Throwable> type) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (type.isInstance(t)) {
                return true;
            }
        }
        return false;
    }

    private static int port(URI uri) {
        if (uri.getPort() >= 0) {
            return uri.getPort();
        }
        return "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
    }
}
