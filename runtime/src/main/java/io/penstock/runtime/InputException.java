package io.penstock.runtime;

/**
 * Something a user gave cannot be used: a file, a configuration, a request. The message is one line that names the
 * thing and what to do; it is shown as it is, without a stack trace.
 */
public class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InputException(String message) {
        super(message);
    }

    public InputException(String message, Throwable cause) {
        super(message, cause);
    }
}
