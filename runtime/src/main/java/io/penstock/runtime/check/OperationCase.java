package io.penstock.runtime.check;

/**
 * One operation at one size that divides nothing.
 *
 * @param operation its name in every layer, such as {@code rms_norm}
 * @param sizes what is tried and how large it is
 * @param isLarge whether it has a model's real sizes, for devices that are fast
 * @param body computes and compares
 */
public record OperationCase(String operation, String sizes, boolean isLarge, Body body) {
    /** Computes and compares; throws {@link MismatchException}. */
    @FunctionalInterface
    public interface Body {
        void run(Trial trial);
    }

    static OperationCase small(String operation, String sizes, Body body) {
        return new OperationCase(operation, sizes, false, body);
    }

    static OperationCase large(String operation, String sizes, Body body) {
        return new OperationCase(operation, sizes, true, body);
    }

    /** Runs it; throws {@link MismatchException} if the backend computes something else. */
    public void run(Trial trial) {
        body.run(trial);
    }

    @Override
    public String toString() {
        return operation + ": " + sizes;
    }
}
