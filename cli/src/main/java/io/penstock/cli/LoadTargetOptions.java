package io.penstock.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.bench.loadgen.serve.ServeBackend;
import io.penstock.bench.loadgen.serve.ServeTarget;
import io.penstock.runtime.InputException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options of the server that is measured, and of how each request is to be answered; named as vLLM's. */
final class LoadTargetOptions {
    private static final int HTTP_PORT = 8000;
    private static final int GRPC_PORT = 50051;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "openai",
            description = "What it speaks: openai (or vllm), which takes token ids as prompts; openai-chat; vllm-grpc."
                    + " Default: openai.")
    private String backend;

    @Option(names = "--base-url", paramLabel = "URL",
            description = "The server, such as http://127.0.0.1:8000. Default: made of --host and --port.")
    private String baseUrl;

    @Option(names = "--host", paramLabel = "HOST", defaultValue = "127.0.0.1", description = "Default: 127.0.0.1.")
    private String host;

    @Option(names = "--port", paramLabel = "N", description = "Default: 8000, with --backend vllm-grpc 50051.")
    private Integer port;

    @Option(names = "--endpoint", paramLabel = "PATH",
            description = "Default: /v1/completions, with --backend openai-chat /v1/chat/completions.")
    private String endpoint;

    @Option(names = "--metrics-url", paramLabel = "URL",
            description = "The server whose /metrics is read. Default: the same; give it for --backend vllm-grpc.")
    private String metricsUrl;

    @Option(names = "--model", paramLabel = "NAME",
            description = "Name of the model. Default: the server's first one.")
    private String model;

    @Option(names = "--served-model-name", paramLabel = "NAME",
            description = "Its name in requests, if --model is the name of its tokenizer.")
    private String servedModelName;

    @Option(names = "--api-key", paramLabel = "KEY", description = "Default: the variable OPENAI_API_KEY.")
    private String apiKey;

    @Option(names = "--header", paramLabel = "KEY=VALUE", arity = "1..*", description = "Headers of each request.")
    private List<String> headers = List.of();

    @Option(names = "--insecure", description = "Takes any certificate of an https server.")
    private boolean isInsecure;

    @Option(names = "--gpu", paramLabel = "N", defaultValue = "0",
            description = "Which GPU of this machine the server runs on, as nvidia-smi counts: its energy and use are"
                    + " measured, where there is one; none says that it runs on the CPU. Default: 0.")
    private String gpu;

    @Option(names = "--ignore-eos",
            description = "Answers go on to their full length. Random prompts and traces always do.")
    private boolean ignoreEos;

    @Option(names = "--temperature", paramLabel = "T", description = "Default: the server's, as for those below.")
    private Double temperature;

    @Option(names = "--top-p", paramLabel = "P")
    private Double topP;

    @Option(names = "--top-k", paramLabel = "K")
    private Integer topK;

    @Option(names = "--min-p", paramLabel = "P")
    private Double minP;

    @Option(names = "--frequency-penalty", paramLabel = "P")
    private Double frequencyPenalty;

    @Option(names = "--presence-penalty", paramLabel = "P")
    private Double presencePenalty;

    @Option(names = "--repetition-penalty", paramLabel = "P")
    private Double repetitionPenalty;

    @Option(names = "--extra-body", paramLabel = "JSON", description = "More fields of each request, as an object.")
    private String extraBody;

    ServeBackend backend() {
        return ServeBackend.named(backend);
    }

    boolean ignoreEos() {
        return ignoreEos;
    }

    /** As it was given; null for the server's first one. */
    String model() {
        return model;
    }

    URI base() {
        return baseUrl != null ? uri(baseUrl, "--base-url")
                : uri("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + (port != null ? port
                : backend() == ServeBackend.VLLM_GRPC ? GRPC_PORT : HTTP_PORT), "--host");
    }

    URI metricsBase() {
        return metricsUrl == null ? base() : uri(metricsUrl.replaceFirst("/metrics/?$", ""), "--metrics-url");
    }

    private static URI uri(String text, String option) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new InputException(option + " is no address: " + e.getMessage() + "; give http://HOST:PORT", e);
        }
    }

    Map<String, String> headers() {
        Map<String, String> all = new LinkedHashMap<>();
        String key = apiKey != null ? apiKey : System.getenv("OPENAI_API_KEY");
        if (key != null && !key.isBlank()) {
            all.put("authorization", "Bearer " + key);
        }
        all.putAll(pairs("--header", headers));
        return all;
    }

    /** {@code KEY=VALUE}, each. */
    static Map<String, String> pairs(String option, List<String> texts) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String text : texts) {
            int at = text.indexOf('=');
            if (at < 1 || text.contains("\n") || text.contains("\r")) {
                throw new InputException(option + " takes KEY=VALUE, not '" + text + "'");
            }
            pairs.put(text.substring(0, at).strip(), text.substring(at + 1).strip());
        }
        return pairs;
    }

    /** Whether the server uses no GPU of this machine. */
    boolean isOnCpu() {
        return gpu.equals("none");
    }

    int gpu() {
        if (!gpu.matches("\\d{1,3}")) {
            throw new InputException("--gpu must be the number of a GPU, or none, not '" + gpu + "'");
        }
        return Integer.parseInt(gpu);
    }

    boolean isInsecure() {
        return isInsecure;
    }

    /**
     * The server.
     *
     * @param modelName in its requests
     * @param endless whether answers go on to their full length
     */
    ServeTarget target(String modelName, boolean endless) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("model", servedModelName != null ? servedModelName : modelName);
        if (endless) {
            body.put("ignore_eos", true);
        }
        put(body, "temperature", temperature);
        put(body, "top_p", topP);
        put(body, "top_k", topK);
        put(body, "min_p", minP);
        put(body, "frequency_penalty", frequencyPenalty);
        put(body, "presence_penalty", presencePenalty);
        put(body, "repetition_penalty", repetitionPenalty);
        if (extraBody != null) {
            body.setAll(extra());
        }
        return new ServeTarget(backend(), base(), endpoint != null ? endpoint : backend().endpoint(), headers(),
                isInsecure, body);
    }

    private static void put(ObjectNode body, String name, Number value) {
        if (value instanceof Integer whole) {
            body.put(name, whole);
        } else if (value != null) {
            body.put(name, value.doubleValue());
        }
    }

    private ObjectNode extra() {
        try {
            JsonNode extra = JSON.readTree(extraBody);
            if (extra instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw new InputException("--extra-body is no JSON: " + e.getOriginalMessage(), e);
        }
        throw new InputException("--extra-body must be a JSON object, such as '{\"top_k\": 50}'");
    }
}
