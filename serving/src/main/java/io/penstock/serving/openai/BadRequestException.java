package io.penstock.serving.openai;

import io.penstock.runtime.InputException;

/** A request that cannot be served as it is: HTTP 400. */
public final class BadRequestException extends InputException {
    private static final long serialVersionUID = 1L;

    /** The code for a prompt, or a prompt and its output, that is longer than the model's context. */
    public static final String CONTEXT_LENGTH_EXCEEDED = "context_length_exceeded";

    private final String param;
    private final String code;

    /** @param param the field that is wrong, as a path like {@code messages[0].role}; null for the whole body */
    public BadRequestException(String message, String param) {
        this(message, param, null);
    }

    /** @param code a word for programs, or null */
    public BadRequestException(String message, String param, String code) {
        super(message);
        this.param = param;
        this.code = code;
    }

    /** The field that is wrong, or null. */
    public String param() {
        return param;
    }

    /** A word for programs, or null. */
    public String code() {
        return code;
    }
}
