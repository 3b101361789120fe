package io.penstock.cli;

import io.penstock.batch.http.BatchApi;
import io.penstock.runtime.InputException;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.server.Tls;
import io.penstock.serving.stream.IoThreads;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "serve",
        abbreviateSynopsis = true,
        description = "Answers requests over the network until it is told to end: OpenAI's API over HTTP, with metrics"
                + " and a page to try it, and the engine protocol of gateways over gRPC"
                + " (vllm.grpc.engine.VllmEngine), with health and reflection.",
        footer = {
            "%nExamples:",
            "  penstock serve",
            "  penstock serve --model LiquidAI/LFM2.5-8B-A1B --host 0.0.0.0 --port 8000 --api-key-file keys.txt",
            "  penstock serve --tls-cert server.pem --tls-key server.key --tls-client-ca clients.pem",
            "%nThe ports open when the model is loaded and a first step has run. SIGTERM or Ctrl-C: new requests are"
                    + " refused, those that were taken are finished within --shutdown-timeout, and the exit code is 0"
                    + " if all were; a second signal ends at once. A dead engine ends the server with exit code 1."
                    + " API keys guard HTTP alone: let only a gateway reach the gRPC port, or ask clients for"
                    + " certificates.",
        })
final class ServeCommand implements Callable<Integer> {
    private static final int MAX_PORT = 65_535;
    private static final int MAX_IO_THREADS = 256;
    private static final int MAX_SECONDS = 86_400;
    private static final int MOST_QUEUED = 1 << 20;

    @Spec
    private CommandSpec spec;

    @Option(names = "--host", paramLabel = "HOST", defaultValue = "127.0.0.1",
            description = "The address to listen at; 0.0.0.0 for all. Default: 127.0.0.1.")
    private String host;

    @Option(names = "--grpc-port", paramLabel = "PORT", defaultValue = "50051",
            description = "The gRPC port; 0 takes a free one. Default: 50051.")
    private int grpcPort;

    @Option(names = "--served-model-name", paramLabel = "NAME",
            description = "What clients call the model; may be given several times. Default: as --model.")
    private List<String> servedModelNames = List.of();

    @Option(names = "--chat-template", paramLabel = "FILE",
            description = "A Jinja template instead of the checkpoint's; or lfm2 or lfm2.5, which are built in.")
    private String chatTemplate;

    @Option(names = "--max-queued-requests", paramLabel = "N",
            description = "Requests that may wait to be begun; one more is refused with status 429 or"
                    + " RESOURCE_EXHAUSTED. Default: 65536.")
    private Integer maxQueuedRequests;

    @Option(names = "--shutdown-timeout", paramLabel = "SECONDS", defaultValue = "30",
            description = "How long requests may go on after SIGTERM. Default: 30.")
    private int shutdownTimeout;

    @Option(names = "--slow-reader-timeout", paramLabel = "SECONDS", defaultValue = "30",
            description = "A client that reads nothing of what waits for it is cut off after this. Default: 30.")
    private int slowReaderTimeout;

    @Option(names = "--io-threads", paramLabel = "N",
            description = "Threads of the network. Default: half of the cores, at most 8.")
    private Integer ioThreads;

    @Option(names = "--tls-cert", paramLabel = "FILE", description = "TLS: the server's certificate chain, PEM.")
    private Path tlsCert;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "TLS: its private key, PEM.")
    private Path tlsKey;

    @Option(names = "--tls-client-ca", paramLabel = "FILE",
            description = "TLS: takes only clients with a certificate signed by this one, PEM.")
    private Path tlsClientCa;

    @Option(names = "--profile-dir", paramLabel = "DIR",
            description = "Where StartProfile writes JFR recordings. Default: it is off.")
    private Path profileDir;

    @Option(names = "--request-log", paramLabel = "FILE",
            description = "Appends a JSON line for each request: counts and times, never what was said. Default: none.")
    private Path requestLog;

    @Option(names = "--batch-dir", paramLabel = "DIR",
            description = "Keeps /v1/files and /v1/batches in this folder, which is made if need be. Batches run behind"
                    + " all other requests and go on after a restart. Default: there are none.")
    private Path batchDir;

    @Option(names = "--batch-max-file-bytes", paramLabel = "SIZE", converter = BatchingOptions.Size.class,
            defaultValue = "1GiB", description = "The largest file that may be uploaded. Default: 1GiB.")
    private long batchMaxFileBytes;

    @Mixin
    private HttpPortOptions http;

    @Mixin
    private ModelOptions model;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BatchingOptions batching;

    @Override
    public Integer call() throws InterruptedException {
        validate();
        HttpPortOptions.Settings httpSettings = http.settings();
        engine.validate();
        batching.validate();
        Tls tls = tlsCert == null && tlsKey == null && tlsClientCa == null ? null
                : new Tls(tlsCert, tlsKey, tlsClientCa);
        var address = new InetSocketAddress(host, grpcPort);
        if (address.isUnresolved()) {
            throw new InputException("there is no address of --host " + host + ": give one of this machine's");
        }
        NetworkLogs.toOurs();
        var phases = new StartUpPhases();
        ModelSource source = model.resolve();
        var encoder = new RequestEncoder(source, chatTemplate);
        encoder.requireTemplate();
        phases.done("model and tokenizer read");
        ServingConfig config = batching.forMany(engine, source.config(), engine.modelLen(source.config(), 0));
        if (maxQueuedRequests != null) {
            config = config.withMaxQueuedRequests(maxQueuedRequests);
        }
        int numIoThreads = ioThreads == null ? IoThreads.defaultNumThreads() : ioThreads;
        List<String> names = servedModelNames.isEmpty() ? List.of(source.name()) : servedModelNames;
        var settings = new ServerRun.Settings(names, address, httpSettings, tls,
                new ServerRun.Files(profileDir, requestLog,
                        batchDir == null ? null : new BatchApi.Settings(batchDir, batchMaxFileBytes)), numIoThreads,
                new ServerRun.Times(TimeUnit.SECONDS.toNanos(shutdownTimeout),
                        TimeUnit.SECONDS.toNanos(slowReaderTimeout)));
        return new ServerRun(encoder, config, settings, phases).run();
    }

    private void validate() {
        requireBetween("--grpc-port", grpcPort, 0, MAX_PORT);
        requireBetween("--shutdown-timeout", shutdownTimeout, 0, MAX_SECONDS);
        requireBetween("--slow-reader-timeout", slowReaderTimeout, 1, MAX_SECONDS);
        requireBetween("--max-queued-requests", maxQueuedRequests == null ? 1 : maxQueuedRequests, 1, MOST_QUEUED);
        requireBetween("--io-threads", ioThreads == null ? 1 : ioThreads, 1, MAX_IO_THREADS);
        if (servedModelNames.stream().anyMatch(String::isBlank)) {
            throw new ParameterException(spec.commandLine(), "--served-model-name must not be empty");
        }
    }

    private void requireBetween(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(spec.commandLine(),
                    option + " must be between " + least + " and " + most + ", not " + value);
        }
    }
}
