package io.penstock.serving.server;

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

    private static void requireReadable(Path file) {
        if (!Files.isReadable(file)) {
            throw new InputException("there is no readable file " + file + ": give a PEM file");
        }
    }
}
