package io.penstock.serving.offline;

/** A request that ended through no fault of its own: the engine failed or was closed, or has no room to take it. */
public final class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EngineException(String message) {
        super(message);
    }

    EngineException(String message, Throwable cause) {
        super(message, cause);
    }
}
