package io.penstock.scheduler;

import io.penstock.runtime.InputException;
import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.memory.BlockTokens;
import java.util.List;

/**
 * What a client sends, as the scheduler sees it: a prompt in tokens and the choices to sample from it. Made on the
 * front's thread, which pays for hashing the prompt; owned by the engine's thread once it is submitted.
 */
public final class Request {
    /** {@link Options#deadlineNs} of a request that may take as long as it likes. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    /** {@link Options#promptLogprobs} of a request that wants none. */
    public static final int NO_PROMPT_LOGPROBS = -1;

    static final long NOT_SUBMITTED = -1;

    private final long id;
    private final int[] promptTokenIds;
    private final long[] promptBlockKeys;
    private final Options options;
    private final OutputQueue output;
    final Sequence[] sequences;

    /** The sequence that computes the prompt for all; the others fork from it. */
    Sequence leader;
    boolean isForked;

    /** Prompt tokens whose log probabilities are planned, and reported: once, whichever choices compute the prompt. */
    int numScored;
    int numReported;
    boolean isQueued;

    /** Engine time at which its first sequence got its memory; 0 before. */
    long admittedNs;
    int numUnfinished;
    long order = NOT_SUBMITTED;

    /**
     * What a request asks of the scheduler.
     *
     * @param priority lower goes first; equal ones in the order of submission
     * @param deadlineNs engine time at which it ends with {@code DEADLINE}, or {@link #NO_DEADLINE}
     * @param cacheSalt only requests with the same salt share cached prefixes
     * @param promptLogprobs alternatives reported for each prompt token, 0 for the token's own log probability alone,
     *     {@link #NO_PROMPT_LOGPROBS} for none; such a prompt is computed in full
     */
    public record Options(int priority, long deadlineNs, long cacheSalt, int promptLogprobs) {
        public static final Options DEFAULTS = new Options(0, NO_DEADLINE, 0, NO_PROMPT_LOGPROBS);

        public Options {
            if (promptLogprobs < NO_PROMPT_LOGPROBS || promptLogprobs > SamplingParams.MAX_LOGPROBS) {
                throw new InputException("prompt_logprobs must be between 0 and " + SamplingParams.MAX_LOGPROBS
                        + ", not " + promptLogprobs);
            }
        }
    }

    /**
     * Copies the prompt.
     *
     * @param id the front's name for it: comes back with every token
     * @param choices sampling parameters, one a choice
     * @param eosTokenIds the model's end tokens; not copied: one array for all requests, which nobody changes
     */
    public Request(long id, int[] promptTokenIds, List<SamplingParams> choices, int[] eosTokenIds, Options options,
            OutputQueue output) {
        if (promptTokenIds.length == 0) {
            throw new InputException("the prompt is empty: give at least one token");
        }
        if (choices.isEmpty()) {
            throw new InputException("n must be at least 1, not 0");
        }
        this.id = id;
        this.promptTokenIds = promptTokenIds.clone();
        this.options = options;
        this.output = output;
        promptBlockKeys = BlockTokens.keys(options.cacheSalt(), this.promptTokenIds, promptTokenIds.length);
        sequences = new Sequence[choices.size()];
        numUnfinished = sequences.length;
        for (int i = 0; i < sequences.length; i++) {
            sequences[i] = new Sequence(this, i, choices.get(i), eosTokenIds);
        }
        leader = sequences[0];
        leader.takePrompt();
    }

    public long id() {
        return id;
    }

    public int promptLength() {
        return promptTokenIds.length;
    }

    public int numChoices() {
        return sequences.length;
    }

    /** Output tokens of a choice at most. */
    public int maxTokens(int choice) {
        return sequences[choice].params.stop().maxTokens();
    }

    /** Whether the form of any choice's output is demanded. */
    boolean isConstrained() {
        for (Sequence sequence : sequences) {
            if (sequence.grammar != null) {
                return true;
            }
        }
        return false;
    }

    public Options options() {
        return options;
    }

    /**
     * Engine time at which its first choice got its memory; 0 if none has. For the front's thread once it has read an
     * output of it, an end too.
     */
    public long admittedNs() {
        return admittedNs;
    }

    /** Where its tokens go. */
    public OutputQueue output() {
        return output;
    }

    /** Sets room for its ends aside in its output; false when too many sequences are open. On the front's thread. */
    public boolean openOutput() {
        return output.open(sequences.length);
    }

    /** Takes {@link #openOutput} back, for a request that the engine never saw. */
    public void cancelOutput() {
        output.cancelOpen(sequences.length);
    }

    long[] promptBlockKeys() {
        return promptBlockKeys;
    }

    int[] promptTokenIds() {
        return promptTokenIds;
    }
}
