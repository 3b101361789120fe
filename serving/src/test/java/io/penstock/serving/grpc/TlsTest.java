package io.penstock.serving.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.penstock.runtime.InputException;
import io.penstock.serving.grpc.wire.HealthCheckRequest;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import io.penstock.serving.offline.DemoModel;
import io.penstock.serving.server.Tls;
import io.penstock.serving.stream.StreamLimits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted servers, with and without certificates of clients. */
class TlsTest {
    @TempDir
    static Path folder;

    private static Identity serverIdentity;
    private static Identity clientIdentity;
    private static Identity stranger;

    /** A certificate that signs itself, and its key. */
    private record Identity(Path certificate, Path key) {
        static Identity make(String name) throws Exception {
            Path store = folder.resolve(name + ".p12");
            char[] password = "changeit".toCharArray();
            Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair", "-alias", name, "-keyalg", "EC", "-dname", "CN=localhost", "-ext",
                    "san=dns:localhost,ip:127.0.0.1", "-validity", "2", "-storetype", "PKCS12", "-storepass",
                    "changeit", "-keystore", store.toString()).redirectErrorStream(true).start();
            String said = new String(keytool.getInputStream().readAllBytes());
            assertEquals(0, keytool.waitFor(), said);
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store)) {
                keys.load(in, password);
            }
            return new Identity(pem(name + ".pem", "CERTIFICATE", keys.getCertificate(name).getEncoded()),
                    pem(name + ".key", "PRIVATE KEY", keys.getKey(name, password).getEncoded()));
        }

        private static Path pem(String file, String type, byte[] bytes) throws IOException {
            return Files.writeString(folder.resolve(file), "-----BEGIN " + type + "-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes) + "\n-----END " + type
                    + "-----\n");
        }
    }

    @BeforeAll
    static void identities() throws Exception {
        serverIdentity = Identity.make("server");
        clientIdentity = Identity.make("client");
        stranger = Identity.make("stranger");
    }

    private static DemoServer server(Path clientAuthority) {
        return new DemoServer(DemoModel.small(), StreamLimits.DEFAULTS, null,
                new Tls(serverIdentity.certificate(), serverIdentity.key(), clientAuthority));
    }

    private static boolean isHealthy(DemoServer server, Identity client) throws IOException {
        SslContextBuilder context = GrpcSslContexts.forClient().trustManager(serverIdentity.certificate().toFile());
        if (client != null) {
            context.keyManager(client.certificate().toFile(), client.key().toFile());
        }
        ManagedChannel channel = NettyChannelBuilder.forAddress("localhost", server.grpc.port())
                .sslContext(context.build()).build();
        try {
            return VllmEngineGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS)
                    .healthCheck(HealthCheckRequest.getDefaultInstance()).getHealthy();
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void encryptedServerAnswers() throws IOException {
        try (DemoServer server = server(null)) {
            assertTrue(isHealthy(server, null));
            ManagedChannel plain = NettyChannelBuilder.forAddress("localhost", server.grpc.port()).usePlaintext()
                    .build();
            assertThrows(StatusRuntimeException.class, () -> VllmEngineGrpc.newBlockingStub(plain)
                    .withDeadlineAfter(30, TimeUnit.SECONDS).healthCheck(HealthCheckRequest.getDefaultInstance()));
            plain.shutdownNow();
        }
    }

    @Test
    void onlyKnownClientsAreServed() throws IOException {
        try (DemoServer server = server(clientIdentity.certificate())) {
            assertTrue(isHealthy(server, clientIdentity));
            for (Identity other : new Identity[] {null, stranger}) {
                StatusRuntimeException e = assertThrows(StatusRuntimeException.class, () -> isHealthy(server, other));
                assertEquals(Status.Code.UNAVAILABLE, e.getStatus().getCode());
            }
        }
    }

    @Test
    void badFilesAreNamed() {
        assertThrows(InputException.class, () -> new Tls(serverIdentity.certificate(), null, null));
        InputException missing = assertThrows(InputException.class, () ->
                new Tls(folder.resolve("no.pem"), serverIdentity.key(), null));
        assertTrue(missing.getMessage().contains("no.pem"), missing::getMessage);
        InputException swapped = assertThrows(InputException.class, () -> new DemoServer(DemoModel.small(),
                StreamLimits.DEFAULTS, null, new Tls(serverIdentity.key(), serverIdentity.certificate(), null)));
        assertTrue(swapped.getMessage().contains("TLS"), swapped::getMessage);
    }
}
