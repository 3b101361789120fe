package io.penstock.serving.server;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.penstock.runtime.InputException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files of an encrypted server, PEM.
 *
 * @param certificate the server's chain
 * @param key its private key, PKCS#8
 * @param clientAuthority who must have signed a client's certificate; null where clients need none
 */
public record Tls(Path certificate, Path key, Path clientAuthority) {
    public Tls {
        if (certificate == null || key == null) {
            throw new InputException("TLS needs a certificate and its key: give both --tls-cert and --tls-key");
        }
        requireReadable(certificate);
        requireReadable(key);
        if (clientAuthority != null) {
            requireReadable(clientAuthority);
        }
    }

    /**
     * Reads the files.
     *
     * @return what a protocol may add to
     * @throws InputException if they cannot be used
     */
    public SslContextBuilder builder() {
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(certificate.toFile(), key.toFile());
            if (clientAuthority != null) {
                builder.trustManager(clientAuthority.toFile()).clientAuth(ClientAuth.REQUIRE);
            }
            return builder;
        } catch (IllegalArgumentException e) {
            throw unusable(e);
        }
    }

    /** What to tell a user whose files cannot be used. */
    public InputException unusable(Exception e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return new InputException(
                "TLS cannot be set up with " + certificate + " and " + key + ": " + cause.getMessage(), e);
    }

    private static void requireReadable(Path file) {
        if (!Files.isReadable(file)) {
            throw new InputException("there is no readable file " + file + ": give a PEM file");
        }
    }
}
