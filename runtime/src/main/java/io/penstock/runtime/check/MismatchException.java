package io.penstock.runtime.check;

/** An operation computed something else than it must; the message names the worst coordinate and both values. */
public final class MismatchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public MismatchException(String message) {
        super(message);
    }
}
