package io.penstock.runtime.config;

import io.penstock.runtime.InputException;

/** A configuration file that is refused, with a stable code beside the message. */
public final class ConfigException extends InputException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    public ConfigException(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    ConfigException(String reason, InputException cause) {
        super(cause.getMessage(), cause);
        this.reason = reason;
    }

    /** Why, as a code for programs, such as {@code missing_key}. */
    public String reason() {
        return reason;
    }
}
