package io.penstock.batch.run;

import io.penstock.batch.RecordKey;
import java.util.BitSet;

/**
 * The numbers and custom_ids of records, compact: a bit a number, 16 bytes a custom_id in a table that is at least
 * three eighths full. One thread's.
 */
public final class KeySet implements PipelineOptions.Done {
    /** The largest number of a record that can be noted. */
    public static final long MAX_NUMBER = Integer.MAX_VALUE - 1L;

    private static final int FIRST_SLOTS = 1 << 10;
    private static final double MAX_LOAD = 0.75;

    private final BitSet numbers = new BitSet();
    private long[] table = new long[2 * FIRST_SLOTS];
    private int numKeys;
    private boolean hasZero;

    /** Notes that a record has its result. */
    public void addNumber(long number) {
        numbers.set(Math.toIntExact(number));
    }

    @Override
    public boolean contains(long number) {
        return number <= MAX_NUMBER && numbers.get((int) number);
    }

    /** Without a changed input, numbers say it all. */
    @Override
    public boolean containsResult(RecordKey key) {
        return false;
    }

    /** Whether the custom_id was noted. */
    public boolean containsKey(RecordKey key) {
        return isZero(key) ? hasZero : table[slot(table, key)] != 0 || table[slot(table, key) + 1] != 0;
    }

    /** The empty place's own value is kept apart. */
    private static boolean isZero(RecordKey key) {
        return key.high() == 0 && key.low() == 0;
    }

    @Override
    public boolean add(RecordKey key) {
        if (isZero(key)) {
            boolean isNew = !hasZero;
            hasZero = true;
            return isNew;
        }
        if (numKeys >= MAX_LOAD * table.length / 2) {
            grow();
        }
        int slot = slot(table, key);
        if (table[slot] != 0 || table[slot + 1] != 0) {
            return false;
        }
        table[slot] = key.high();
        table[slot + 1] = key.low();
        numKeys++;
        return true;
    }

    /** Where the key is, or the empty place where it belongs. */
    private static int slot(long[] table, RecordKey key) {
        int mask = table.length / 2 - 1;
        int i = (int) key.low() & mask;
        while (true) {
            long high = table[2 * i];
            long low = table[2 * i + 1];
            if (high == key.high() && low == key.low() || high == 0 && low == 0) {
                return 2 * i;
            }
            i = i + 1 & mask;
        }
    }

    private void grow() {
        long[] larger = new long[Math.multiplyExact(2, table.length)];
        for (int i = 0; i < table.length; i += 2) {
            if (table[i] != 0 || table[i + 1] != 0) {
                int slot = slot(larger, new RecordKey(table[i], table[i + 1]));
                larger[slot] = table[i];
                larger[slot + 1] = table[i + 1];
            }
        }
        table = larger;
    }
}
