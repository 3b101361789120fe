package io.penstock.kernels;

/** A model's dimensions are not ones that a kernel is made for. The message names them, and those that it takes. */
public final class UnsupportedShapeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    UnsupportedShapeException(String message) {
        super(message);
    }
}
