package io.penstock.runtime.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What the hub says about a repository: the files of a revision, and the size and hash of each. */
final class RemoteRepository {
    private static final int MAX_LISTING_BYTES = 64 << 20;
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HubRequests requests;
    private final ModelReference model;
    private final Duration timeout;
    private final Retry retry;
    private final PullProgress progress;

    /**
     * The files of one commit.
     *
     * @param files safe as paths
     */
    record Listing(String commit, Set<String> files) { }

    RemoteRepository(
            HubRequests requests, ModelReference model, Duration timeout, Retry retry, PullProgress progress) {
        this.requests = requests;
        this.model = model;
        this.timeout = timeout;
        this.retry = retry;
        this.progress = progress;
    }

    /** The commit that the revision means now, and its files. */
    Listing listing() throws InterruptedException {
        URI uri = requests.atEndpoint("/api/models/" + model.repository() + "/revision/"
                + HubNames.urlPart(model.revision()));
        byte[] body = retry.call("the file list of " + model, progress, () -> {
            try (HubRequests.Answer answer = requests.send("GET", uri, _ -> Map.of(), timeout, _ -> false)) {
                return answer.body().readAll(MAX_LISTING_BYTES, timeout);
            }
        });
        JsonNode info = parsed(uri, body);
        String commit = info.path("sha").asText();
        if (!ModelReference.isCommit(commit) || !info.path("siblings").isArray()) {
            throw notAHub(uri, null);
        }
        if (model.isCommit() && !commit.equals(model.revision())) {
            throw new InputException(uri.getHost() + " lists commit " + commit + " where " + model.revision()
                    + " was asked for");
        }
        Set<String> files = new LinkedHashSet<>();
        for (JsonNode sibling : info.path("siblings")) {
            files.add(HubNames.requireSafeFile(sibling.path("rfilename").asText(), model));
        }
        return new Listing(commit, files);
    }

    /** Size and hash of a file at a commit, without its content. */
    RemoteFile file(String name, String commit) throws InterruptedException {
        URI uri = requests.atEndpoint(
                "/" + model.repository() + "/resolve/" + commit + "/" + HubNames.urlPath(name));
        return retry.call(name, progress, () -> {
            Announced announced = new Announced();
            try (HubRequests.Answer last = requests.send("HEAD", uri, _ -> Map.of(), timeout, hop -> {
                announced.take(hop);
                return announced.commit != null && hop.leavesOrigin();
            })) {
                announced.take(last);
                return described(name, commit, uri, announced, last);
            }
        });
    }

    /** Headers that any hop of a request may carry. */
    private static final class Announced {
        String tag;
        String size;
        String commit;

        void take(HubRequests.Answer hop) {
            tag = hop.headers().firstValue("X-Linked-Etag").orElse(tag);
            size = hop.headers().firstValue("X-Linked-Size").orElse(size);
            commit = hop.headers().firstValue("X-Repo-Commit").orElse(commit);
        }
    }

    private RemoteFile described(
            String name, String commit, URI uri, Announced announced, HubRequests.Answer last) {
        if (announced.commit == null) {
            throw notAHub(uri, null);
        }
        if (!announced.commit.equals(commit)) {
            throw new InputException(uri.getHost() + " serves " + name + " of " + model + " from commit "
                    + HubNames.shown(announced.commit) + ", not " + commit);
        }
        String ownTag = last.isRedirect() ? null : last.header("ETag");
        String hash = unquoted(announced.tag != null ? announced.tag : last.header("ETag"));
        if (!HASH.matcher(hash).matches()) {
            throw new InputException(uri.getHost() + " gives no hash to verify " + name + " of " + model
                    + " by (ETag '" + HubNames.shown(hash) + "'): check HF_ENDPOINT");
        }
        boolean strong = ownTag != null && ownTag.startsWith("\"") && HubRequests.sameOrigin(uri, last.uri());
        return new RemoteFile(name, uri, hash, size(name, uri, announced, last),
                strong ? Optional.of(ownTag) : Optional.empty());
    }

    private long size(String name, URI uri, Announced announced, HubRequests.Answer last) {
        String size = announced.size == null && !last.isRedirect() ? last.header("Content-Length") : announced.size;
        if (size == null || !size.matches("\\d{1,18}")) {
            throw new InputException(uri.getHost() + " does not say how long " + name + " of " + model + " is");
        }
        return Long.parseLong(size);
    }

    private static String unquoted(String tag) {
        String strong = tag == null ? "" : tag.startsWith("W/") ? tag.substring(2) : tag;
        return strong.length() > 1 && strong.startsWith("\"") && strong.endsWith("\"")
                ? strong.substring(1, strong.length() - 1) : strong;
    }

    private static JsonNode parsed(URI uri, byte[] body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw notAHub(uri, e);
        } catch (IOException e) {
            throw new IllegalStateException("reading " + body.length + " bytes in memory", e);
        }
    }

    private static InputException notAHub(URI uri, Exception cause) {
        return new InputException(uri.getScheme() + "://" + uri.getAuthority()
                + " does not answer as a model hub does: check HF_ENDPOINT and the proxy", cause);
    }
}
