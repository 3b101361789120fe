package io.penstock.serving.http;

import io.netty.handler.ssl.SslContext;
import io.penstock.serving.server.Tls;
import javax.net.ssl.SSLException;

/** Encryption of HTTP connections, from the files that a server is given. */
public final class HttpTls {
    private HttpTls() {}

    /**
     * Reads the files.
     *
     * @param tls null for none
     * @return null for none
     * @throws io.penstock.runtime.InputException if they cannot be used
     */
    public static SslContext context(Tls tls) {
        try {
            return tls == null ? null : tls.builder().build();
        } catch (SSLException e) {
            throw tls.unusable(e);
        }
    }
}
