package io.penstock.cli;

import io.penstock.runtime.InputException;
import io.penstock.serving.http.HttpLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** How the HTTP ports are served. */
final class HttpPortOptions {
    private static final int MAX_PORT = 65_535;
    private static final int MEBIBYTE = 1 << 20;
    private static final int MAX_REQUEST_MIB = 1024;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8000",
            description = "The HTTP port, for OpenAI's API, metrics and the page at /; 0 takes a free one."
                    + " Default: 8000.")
    private int port;

    @Option(names = "--admin-port", paramLabel = "PORT",
            description = "A second HTTP port, at 127.0.0.1 only, for operators: POST /drain, /reset_prefix_cache,"
                    + " /abort/ID, /start_profile, /stop_profile. Default: none.")
    private Integer adminPort;

    @Option(names = "--api-key", paramLabel = "KEY",
            description = "A key that HTTP clients must bring as 'Authorization: Bearer KEY', for everything but"
                    + " /health, /ping and the page itself; may be given several times. A command line can be seen by"
                    + " others: --api-key-file is safer.")
    private List<String> keys = List.of();

    @Option(names = "--api-key-file", paramLabel = "FILE", description = "Keys, one a line.")
    private Path keyFile;

    @Option(names = "--allowed-origin", paramLabel = "ORIGIN",
            description = "Web pages of this origin may call the HTTP port (CORS); * for all; may be given several"
                    + " times.")
    private List<String> allowedOrigins = List.of();

    @Option(names = "--reasoning-parser", paramLabel = "NAME", defaultValue = "none",
            description = "lfm2: chat answers have what the model thinks in reasoning_content, apart from content;"
                    + " none: it is part of the content, between <think> and </think>. A request may say otherwise by"
                    + " separate_reasoning; where it demands a form, thinking is always apart. Default: none.")
    private String reasoningParser;

    @Option(names = "--max-request-mib", paramLabel = "MIB", defaultValue = "64",
            description = "The largest body of a request. Default: 64.")
    private int maxRequestMib;

    @Option(names = "--max-connections", paramLabel = "N", defaultValue = "16384",
            description = "HTTP connections that may be open; one more is closed at once. Default: 16384.")
    private int maxConnections;

    /**
     * What was asked for, checked.
     *
     * @param adminPort null for none
     */
    record Settings(int port, Integer adminPort, List<String> keys, List<String> allowedOrigins,
            boolean separatesReasoning, HttpLimits limits) {}

    Settings settings() {
        requireBetween("--port", port, 0, MAX_PORT);
        requireBetween("--admin-port", adminPort == null ? 0 : adminPort, 0, MAX_PORT);
        requireBetween("--max-request-mib", maxRequestMib, 1, MAX_REQUEST_MIB);
        HttpLimits limits = HttpLimits.DEFAULTS
                .withMaxRequestBytes(Math.min(Integer.MAX_VALUE - MEBIBYTE, maxRequestMib * MEBIBYTE))
                .withMaxConnections(maxConnections);
        if (!reasoningParser.equals("lfm2") && !reasoningParser.equals("none")) {
            throw new InputException("--reasoning-parser must be lfm2 or none, not " + reasoningParser);
        }
        return new Settings(
                port, adminPort, allKeys(), allowedOrigins, reasoningParser.equals("lfm2"), limits);
    }

    private List<String> allKeys() {
        List<String> all = new ArrayList<>(keys);
        if (keyFile != null) {
            try {
                Files.readAllLines(keyFile).stream().map(String::strip).filter(key -> !key.isEmpty())
                        .forEach(all::add);
            } catch (IOException e) {
                throw new InputException("--api-key-file cannot be read: " + e.getMessage(), e);
            }
            if (all.isEmpty()) {
                throw new InputException("--api-key-file " + keyFile + " holds no key: write one a line");
            }
        }
        for (String key : all) {
            if (key.isBlank() || !key.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
                throw new InputException("an API key must be printable ASCII without spaces, and not empty");
            }
        }
        return all;
    }

    private static void requireBetween(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new InputException(option + " must be between " + least + " and " + most + ", not " + value);
        }
    }
}
