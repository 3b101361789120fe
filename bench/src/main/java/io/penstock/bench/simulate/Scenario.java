package io.penstock.bench.simulate;

import io.penstock.runtime.InputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** Named traffic: how requests arrive, and how long they are. */
public enum Scenario {
    /** Every length from 1 to 512, all equally likely. */
    UNIFORM_512("prompts and outputs of 1 to 512 tokens", Arrivals.closed(), 4) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            return Lengths.of(between(random, 1, 512), between(random, 1, 512), 512);
        }
    },

    /** The workload that vendors publish. */
    CLOSED_LOOP_1024_256("1024 prompt and 256 output tokens", Arrivals.closed(), 4) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            return Lengths.of(1024, UNLIMITED, 256);
        }
    },

    /** Bound by KV blocks. */
    LONG_8192_2048("8192 prompt and 2048 output tokens", Arrivals.closed(), 1) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            return Lengths.of(8192, UNLIMITED, 2048);
        }
    },

    /** One long system prompt for all. */
    SHARED_PREFIX_8K("8192 tokens that all prompts share, then 32 to 256 of their own; 16 to 256 output tokens",
            Arrivals.closed(), 4) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            return Lengths.of(between(random, 32, 256), between(random, 16, 256), 256);
        }

        @Override
        int sharedPrefix() {
            return 8192;
        }
    },

    /** Each turn's prompt is the conversation so far. */
    MULTI_TURN_CHAT("conversations of 6 turns with 5 s between them, as many at once as may run",
            Arrivals.closed(), 12) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            return Lengths.of(between(random, 16, 256), geometric(random, 200, 1024), 1024);
        }

        @Override
        int sharedPrefix() {
            return 256;
        }

        @Override
        int numTurns() {
            return 6;
        }
    },

    /** Many short requests and a few very long ones; priorities and several choices a prompt among them. */
    SKEWED_MIX("90 % short, 9 % medium, 1 % very long requests in bursts, at 70 % of capacity",
            Arrivals.bursts(0.7, 32), 4) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            int priority = random.nextInt(4) == 0 ? 1 : 0;
            int numChoices = random.nextInt(25) == 0 ? 4 : 1;
            int kind = random.nextInt(100);
            Lengths lengths = kind < 90 ? Lengths.of(between(random, 32, 256), between(random, 16, 128), 512)
                    : kind < 99 ? Lengths.of(between(random, 512, 2048), between(random, 128, 512), 1024)
                    : Lengths.of(between(random, 8192, 16_384), between(random, 512, 2048), 2048);
            return lengths.with(numChoices, priority);
        }
    },

    /** Half of the requests are aborted: at once, at some token, or at some time. */
    ABORT_STORM("lengths of uniform_512, half of the requests aborted at any moment", Arrivals.closed(), 4) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            int numChoices = random.nextInt(10) == 0 ? 3 : 1;
            return Lengths.of(between(random, 1, 512), between(random, 1, 512), 512).with(numChoices, 0);
        }

        @Override
        double abortShare() {
            return 0.5;
        }
    },

    /** More than the device can do: the queue is bounded and the rest is turned away. */
    OVERLOAD("Poisson arrivals at twice the capacity, a bounded queue", Arrivals.poisson(2), 8) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            return Lengths.of(between(random, 1, 1024), between(random, 1, 256), 256);
        }

        @Override
        public boolean isQueueBounded() {
            return true;
        }
    },

    /** Nothing can be learnt from {@code max_tokens}, and what was learnt from the short phase is wrong in the long. */
    WORST_MIX_LONG_LIMITS("max_tokens 16384, outputs of 64 to 256 and of 4096 to 8192 tokens in phases",
            Arrivals.closed(), 2) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            int output = isLongPhase(progress) ? between(random, 4096, 8192) : between(random, 64, 256);
            return Lengths.of(between(random, 64, 512), output, 16_384);
        }
    },

    /** Every sequence would write far more than it may, and the limits themselves come in phases. */
    WORST_MIX_SHORT_LIMITS("outputs end at max_tokens, which is 64 to 256 and 4096 to 8192 in phases",
            Arrivals.closed(), 2) {
        @Override
        Lengths draw(SplittableRandom random, double progress) {
            int limit = isLongPhase(progress) ? between(random, 4096, 8192) : between(random, 64, 256);
            return Lengths.of(between(random, 64, 512), UNLIMITED, limit);
        }
    };

    private static final int UNLIMITED = Integer.MAX_VALUE;
    private static final int NUM_PHASES = 8;

    private final String description;
    private final Arrivals arrivals;
    private final int promptsPerSeq;

    Scenario(String description, Arrivals arrivals, int promptsPerSeq) {
        this.description = description;
        this.arrivals = arrivals;
        this.promptsPerSeq = promptsPerSeq;
    }

    /**
     * When chains of requests begin. A chain is one request, or the turns of a conversation.
     *
     * @param load share of the device's capacity that arrives; 0 in a closed loop, where one begins as one ends
     * @param burst how many begin at once
     */
    record Arrivals(double load, int burst) {
        static Arrivals closed() {
            return new Arrivals(0, 1);
        }

        static Arrivals poisson(double load) {
            return new Arrivals(load, 1);
        }

        static Arrivals bursts(double load, int burst) {
            return new Arrivals(load, burst);
        }

        boolean isClosedLoop() {
            return load == 0;
        }
    }

    /**
     * Of one request.
     *
     * @param prompt the tokens that are new in it
     * @param output after which the model ends by itself; {@link Integer#MAX_VALUE} for never
     */
    record Lengths(int prompt, int output, int maxTokens, int numChoices, int priority) {
        static Lengths of(int prompt, int output, int maxTokens) {
            return new Lengths(prompt, output, maxTokens, 1, 0);
        }

        Lengths with(int choices, int newPriority) {
            return new Lengths(prompt, output, maxTokens, choices, newPriority);
        }

        Lengths scaled(double scale) {
            return new Lengths(scaled(prompt, scale), scaled(output, scale), scaled(maxTokens, scale), numChoices,
                    priority);
        }

        static int scaled(int length, double scale) {
            return length == UNLIMITED ? length : (int) Math.max(1, Math.round(length * scale));
        }

        /** Tokens that are sampled. */
        int sampled() {
            return Math.min(output, maxTokens);
        }
    }

    /** @param progress how far in the run the request is, from 0 to 1 */
    abstract Lengths draw(SplittableRandom random, double progress);

    /** Tokens that all prompts begin with. */
    int sharedPrefix() {
        return 0;
    }

    int numTurns() {
        return 1;
    }

    double abortShare() {
        return 0;
    }

    /** Whether it makes sense only if requests are turned away. */
    public boolean isQueueBounded() {
        return false;
    }

    Arrivals arrivals() {
        return arrivals;
    }

    /** Requests of a run unless told otherwise, for each sequence that may run at once. */
    public int promptsPerSeq() {
        return promptsPerSeq;
    }

    /** What it is, in a line. */
    public String description() {
        return description;
    }

    /** As the command line has it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The scenario of a name; an unknown one is refused with the known ones. */
    public static Scenario named(String name) {
        for (Scenario scenario : values()) {
            if (scenario.label().equals(name.toLowerCase(Locale.ROOT))) {
                return scenario;
            }
        }
        throw new InputException("unknown scenario '" + name + "': known are "
                + Arrays.stream(values()).map(Scenario::label).collect(Collectors.joining(", ")));
    }

    private static boolean isLongPhase(double progress) {
        return (int) (progress * NUM_PHASES) % 2 == 1;
    }

    private static int between(SplittableRandom random, int min, int max) {
        return random.nextInt(min, max + 1);
    }

    private static int geometric(SplittableRandom random, double mean, int max) {
        return (int) Math.min(max, 1 - mean * Math.log(1 - random.nextDouble()));
    }
}
