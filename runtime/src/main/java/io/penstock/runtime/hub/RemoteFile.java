package io.penstock.runtime.hub;

import java.net.URI;
import java.util.Optional;

/**
 * A file as the hub announces it.
 *
 * @param uri where the hub serves it, perhaps by a redirect
 * @param hash sha256 of the content (64 hex digits), or its git blob sha1 (40)
 * @param entityTag what the hub's own answer with the content would be tagged with, in quotes; for If-Range
 */
record RemoteFile(String name, URI uri, String hash, long sizeBytes, Optional<String> entityTag) {
    static final int SHA256_CHARS = 64;
    static final int SHA1_CHARS = 40;
}
