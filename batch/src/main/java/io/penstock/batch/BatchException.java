package io.penstock.batch;

/**
 * A job cannot go on: the disk is full, a file cannot be read, the engine is dead. What it has done is kept, and the
 * same command goes on with it. The message is one line that says what to do.
 */
public final class BatchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BatchException(String message) {
        super(message);
    }

    public BatchException(String message, Throwable cause) {
        super(message, cause);
    }
}
