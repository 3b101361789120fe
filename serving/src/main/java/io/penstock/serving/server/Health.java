package io.penstock.serving.server;

/** What a probe is told. A server that still loads has no port open, so nobody asks it. */
public enum Health {
    SERVING("serving"),
    /** It was told to end: what it has is finished, nothing new is taken. */
    DRAINING("shutting down"),
    /** The engine failed or does not come back from a step: only a new process helps. */
    DEAD("the engine is dead");

    private final String message;

    Health(String message) {
        this.message = message;
    }

    /** One line for a person. */
    public String message() {
        return message;
    }
}
