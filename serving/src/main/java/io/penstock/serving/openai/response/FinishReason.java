package io.penstock.serving.openai.response;

/** Why a choice ended. */
public enum FinishReason {
    /** An end token or a stop string. */
    STOP("stop"),
    /** The most tokens were reached. */
    LENGTH("length"),
    /** The model stopped after calling tools. */
    TOOL_CALLS("tool_calls");

    private final String wireName;

    FinishReason(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    /** This for a choice with or without tool calls: a stop after calls has a name of its own. */
    public FinishReason withToolCalls(boolean called) {
        return called && this == STOP ? TOOL_CALLS : this;
    }
}
