package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, as curl and the hub's other clients read them. */
final class ProxyEnvironment extends ProxySelector {
    private static final List<Proxy> DIRECT = List.of(Proxy.NO_PROXY);

    private final List<Proxy> forHttp;
    private final List<Proxy> forHttps;
    private final List<String> exceptions;

    private ProxyEnvironment(List<Proxy> forHttp, List<Proxy> forHttps, List<String> exceptions) {
        this.forHttp = forHttp;
        this.forHttps = forHttps;
        this.exceptions = exceptions;
    }

    /** The JVM's own settings where the environment names no proxy. */
    static ProxySelector of(HubEnvironment env) {
        Optional<String> http = env.text("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY");
        Optional<String> https = env.text("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY");
        if (http.isEmpty() && https.isEmpty()) {
            return ProxySelector.getDefault();
        }
        List<String> exceptions = List.of(
                env.text("no_proxy", "NO_PROXY").orElse("").toLowerCase(Locale.ROOT).split("[,\\s]+"));
        return new ProxyEnvironment(proxy(http), proxy(https), exceptions);
    }

    @Override
    public List<Proxy> select(URI uri) {
        if (isException(uri.getHost().toLowerCase(Locale.ROOT))) {
            return DIRECT;
        }
        return "https".equalsIgnoreCase(uri.getScheme()) ? forHttps : forHttp;
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        // The failed request reports itself.
    }

    private boolean isException(String host) {
        for (String exception : exceptions) {
            String domain = exception.startsWith("*.") ? exception.substring(1) : exception;
            boolean below = !domain.isEmpty() && host.endsWith(domain.startsWith(".") ? domain : "." + domain);
            if (domain.equals("*") || below || host.equals(domain) || domain.equals("." + host)) {
                return true;
            }
        }
        return false;
    }

    private static List<Proxy> proxy(Optional<String> text) {
        if (text.isEmpty()) {
            return DIRECT;
        }
        try {
            URI uri = new URI(text.get().contains("://") ? text.get() : "http://" + text.get());
            if ("http".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null && uri.getRawUserInfo() == null) {
                int port = uri.getPort() < 0 ? 80 : uri.getPort();
                return List.of(new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(uri.getHost(), port)));
            }
        } catch (URISyntaxException e) {
            throw new InputException(unusable(), e);
        }
        throw new InputException(unusable());
    }

    private static String unusable() {
        return "the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY must be http://HOST:PORT without a user name";
    }
}
