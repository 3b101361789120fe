package io.penstock.runtime;

/** Why a sequence ended. */
public enum FinishReason {
    /** An end token, a stop token or a stop string. */
    STOP,
    /** {@code max_tokens} or the end of the context. */
    LENGTH,
    /** The one who asked did not want more. */
    ABORT,
    /** The engine or its device failed. */
    ERROR,
    /** Its deadline passed. */
    DEADLINE
}
