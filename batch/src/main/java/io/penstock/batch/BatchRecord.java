package io.penstock.batch;

import io.penstock.runtime.InputException;

/**
 * One record of a batch's input: a request as a JSON object, or why there is none to be read.
 *
 * @param number from 0, rising; the same in every run, with gaps where the input holds nothing (blank lines)
 * @param json the object in UTF-8, on any number of lines; not copied, not checked yet; empty for a broken record
 * @param problem why the record cannot be read, in one line; null where it can
 */
public record BatchRecord(long number, byte[] json, InputException problem) {
    private static final byte[] NOTHING = {};

    public BatchRecord(long number, byte[] json) {
        this(number, json, null);
    }

    /** A record that is there and cannot be read: it has a result like the others, an error. */
    public static BatchRecord broken(long number, InputException problem) {
        return new BatchRecord(number, NOTHING, problem);
    }
}
