package io.penstock.serving.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/** The keys that clients may have. How long a comparison takes says nothing about a key. */
public final class ApiKeys {
    private static final String SCHEME = "Bearer ";

    private final byte[][] digests;

    /** @param keys empty: everybody may ask */
    public ApiKeys(List<String> keys) {
        digests = keys.stream().map(ApiKeys::digest).toArray(byte[][]::new);
    }

    /** Whether the value of an {@code Authorization} header holds one of the keys; null for no header. */
    public boolean admits(String authorization) {
        if (digests.length == 0) {
            return true;
        }
        if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return false;
        }
        byte[] given = digest(authorization.substring(SCHEME.length()).strip());
        boolean admitted = false;
        for (byte[] digest : digests) {
            admitted |= MessageDigest.isEqual(digest, given);
        }
        return admitted;
    }

    private static byte[] digest(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
