package io.penstock.bench.loadgen;

/**
 * One request of a workload.
 *
 * @param index its place in the workload, from 0
 * @param prompt of a later turn only what comes after the answer before
 * @param inputTokens as far as it is known before the server counts them, else 0; of a later turn the new ones
 * @param outputTokens the most that it asks for; 0 leaves it to the server
 * @param atNs when it is due after the start, in a replayed trace; else {@link #UNTIMED}
 * @param after the index of the turn before, or {@link #FIRST_TURN}
 */
public record LoadRequest(int index, Prompt prompt, int inputTokens, int outputTokens, long atNs, int after) {
    public static final long UNTIMED = -1;
    public static final int FIRST_TURN = -1;

    /** A request that stands alone, and comes when the load has it. */
    public LoadRequest(int index, Prompt prompt, int inputTokens, int outputTokens) {
        this(index, prompt, inputTokens, outputTokens, UNTIMED, FIRST_TURN);
    }

    /** The same with all that was said before it. */
    public LoadRequest withPrompt(Prompt whole, int numTokens) {
        return new LoadRequest(index, whole, numTokens, outputTokens, atNs, after);
    }

    public boolean isLaterTurn() {
        return after != FIRST_TURN;
    }
}
