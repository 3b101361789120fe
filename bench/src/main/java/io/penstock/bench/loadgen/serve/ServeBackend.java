package io.penstock.bench.loadgen.serve;

import io.penstock.runtime.InputException;

/** What a server speaks. */
public enum ServeBackend {
    /** OpenAI's plain completions, which take token ids, too. */
    OPENAI("openai", "/v1/completions"),
    /** OpenAI's chat completions. */
    OPENAI_CHAT("openai-chat", "/v1/chat/completions"),
    /** {@code vllm.grpc.engine.VllmEngine}. */
    VLLM_GRPC("vllm-grpc", "vllm.grpc.engine.VllmEngine/Generate");

    private final String label;
    private final String endpoint;

    ServeBackend(String label, String endpoint) {
        this.label = label;
        this.endpoint = endpoint;
    }

    public String label() {
        return label;
    }

    /** Where it is, unless something else is said. */
    public String endpoint() {
        return endpoint;
    }

    /** {@code openai}, which {@code vllm} is, too; {@code openai-chat}; {@code vllm-grpc}. */
    public static ServeBackend named(String name) {
        for (ServeBackend backend : values()) {
            if (backend.label.equals(name)) {
                return backend;
            }
        }
        if (name.equals("vllm")) {
            return OPENAI;
        }
        throw new InputException("--backend must be openai (or vllm), openai-chat or vllm-grpc, not '" + name + "'");
    }
}
