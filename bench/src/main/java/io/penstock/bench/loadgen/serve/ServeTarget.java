package io.penstock.bench.loadgen.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.bench.loadgen.LoadClient;
import io.penstock.bench.loadgen.client.GrpcLoadClient;
import io.penstock.bench.loadgen.client.HttpLoadClient;
import io.penstock.bench.loadgen.client.HttpTarget;
import io.penstock.bench.loadgen.client.LoadLoops;
import io.penstock.runtime.InputException;
import io.penstock.serving.grpc.wire.SamplingParams;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Map;

/**
 * The server that is measured.
 *
 * @param base {@code http://host:port}
 * @param headers of each request, by name
 * @param isInsecure takes any certificate
 * @param body fields of each request, by OpenAI's and vLLM's names; for gRPC those of sampling
 */
public record ServeTarget(ServeBackend backend, URI base, String endpoint, Map<String, String> headers,
        boolean isInsecure, ObjectNode body) {
    private static final int CONNECTIONS_PER_LOOP = 4;

    public ServeTarget {
        boolean isHttp = "http".equals(base.getScheme()) || "https".equals(base.getScheme());
        if (!isHttp || base.getHost() == null || base.getPort() > 65_535) {
            throw new InputException("there is no server at '" + base
                    + "': give its address as --base-url http://HOST:PORT");
        }
        headers = Map.copyOf(headers);
    }

    /** Whether it runs on this machine. */
    public boolean isLocal() {
        try {
            return InetAddress.getByName(base.getHost()).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** The same with one more field in each request. */
    public ServeTarget with(String field, JsonNode value) {
        ObjectNode more = body.deepCopy();
        more.set(field, value);
        return new ServeTarget(backend, base, endpoint, headers, isInsecure, more);
    }

    /** A client with threads of its own. */
    LoadClient open(int numThreads, boolean isBusy, long timeoutNs) {
        var loops = new LoadLoops(numThreads, isBusy);
        return switch (backend) {
            case OPENAI, OPENAI_CHAT -> new HttpLoadClient(HttpTarget.of(base, endpoint,
                    backend == ServeBackend.OPENAI_CHAT, headers, isInsecure, body), loops, timeoutNs);
            case VLLM_GRPC -> new GrpcLoadClient(new GrpcLoadClient.Target(base.getHost(), base.getPort(),
                    base.getScheme().equals("https"), headers, CONNECTIONS_PER_LOOP, sampling()), loops, timeoutNs);
        };
    }

    private SamplingParams sampling() {
        SamplingParams.Builder params = SamplingParams.newBuilder();
        body.properties().forEach(field -> {
            JsonNode value = field.getValue();
            switch (field.getKey()) {
                case "temperature" -> params.setTemperature(value.floatValue());
                case "top_p" -> params.setTopP(value.floatValue());
                case "top_k" -> params.setTopK(value.intValue());
                case "min_p" -> params.setMinP(value.floatValue());
                case "frequency_penalty" -> params.setFrequencyPenalty(value.floatValue());
                case "presence_penalty" -> params.setPresencePenalty(value.floatValue());
                case "repetition_penalty" -> params.setRepetitionPenalty(value.floatValue());
                case "ignore_eos" -> params.setIgnoreEos(value.booleanValue());
                case "seed" -> params.setSeed(value.intValue());
                case "model", "return_token_ids" -> { }
                default -> throw new InputException("--backend vllm-grpc has no field '" + field.getKey()
                        + "': leave it out of --extra-body");
            }
        });
        return params.build();
    }
}
