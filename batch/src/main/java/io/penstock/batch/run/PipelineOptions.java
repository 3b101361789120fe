package io.penstock.batch.run;

import io.penstock.batch.BatchSource;
import io.penstock.batch.RecordKey;

/**
 * How records are run.
 *
 * @param order in which the lines of the window go to the engine
 * @param maxAttempts how often a line may end in a failure of the engine before that is its result
 * @param done what has a result from an earlier run
 * @param start where to begin reading
 * @param shard which part of the records to run
 */
public record PipelineOptions(Order order, int maxAttempts, Done done, BatchSource.Place start, Shard shard) {
    /** How often a line is tried unless another number is asked for. */
    public static final int DEFAULT_ATTEMPTS = 3;

    /** Lines of the window that go first. */
    public enum Order {
        /** Those that begin alike behind one another, so that the prefix cache serves them. */
        PREFIX,
        /** The longest ones, so that none is left over when the others are done. */
        LONGEST,
        /** As they come. */
        INPUT
    }

    /** What is done already. Asked by one thread. */
    public interface Done {
        /** Whether the record of that number needs no more. */
        boolean contains(long number);

        /** Takes note of a custom_id that was read; false if an earlier line has it. */
        boolean add(RecordKey key);

        /** Whether a line of this custom_id needs no more, whatever its number; for an input that has changed. */
        boolean containsResult(RecordKey key);
    }

    /** Part {@code index} of {@code count}, by custom_id. Records without one belong to a part by their number. */
    public record Shard(int index, int count) {
        public static final Shard ALL = new Shard(0, 1);

        public Shard {
            if (count < 1 || index < 0 || index >= count) {
                throw new IllegalArgumentException("shard " + index + " of " + count);
            }
        }

        boolean owns(RecordKey key, long number) {
            return count == 1 || index == (key != null ? key.shard(count) : (int) (number % count));
        }
    }

    /** A first run of all records. */
    public static PipelineOptions first() {
        return new PipelineOptions(Order.PREFIX, DEFAULT_ATTEMPTS, new KeySet(), BatchSource.Place.START, Shard.ALL);
    }
}
