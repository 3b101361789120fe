package io.penstock.cli;

/** Whoever read standard output has gone away ({@code penstock ... | head}): there is nobody left to work for. */
final class OutputClosedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutputClosedException(Throwable cause) {
        super("standard output was closed", cause);
    }
}
