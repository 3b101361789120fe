package io.penstock.batch.journal;

import io.penstock.batch.BatchResult;
import io.penstock.batch.BatchSource;
import io.penstock.batch.RecordKey;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What a journal says: that a result stands in a file, or how far the input is done.
 *
 * <pre>
 * bytes  0       1        4        8       16        32        40        48        52      56      60
 *       [kind   |flags   |line's  |number |key      |end in   |position |prompt  |output |cached |checksum
 *        1 or 2] 8 bits]  CRC-32C] of 64] 128 bits] its file] in input] tokens]   tokens] tokens] of 60 bytes]
 * </pre>
 */
sealed interface Entry {
    int BYTES = 64;
    int CHECKED_BYTES = 60;

    byte RESULT = 1;
    byte PLACE = 2;
    byte FAILED = 1;
    byte HAS_KEY = 2;
    byte IN_ERRORS = 4;

    /**
     * A result's line stands in a file.
     *
     * @param key of its custom_id; null where the line names none of its own
     * @param isInErrors in the file of errors, else in that of results
     * @param end the byte behind its line break
     * @param crc of the line and its break, CRC-32C
     */
    record Result(long number, RecordKey key, boolean isFailed, boolean isInErrors, long end, int crc,
            BatchResult.Tokens tokens) implements Entry {}

    /** All results of records in front of a place stand in entries in front of this one. */
    record Done(BatchSource.Place place) implements Entry {}

    /** Writes it; {@code into} is an array's, in big-endian order. */
    default void write(ByteBuffer into) {
        int start = into.position();
        switch (this) {
            case Result result -> {
                int flags = (result.isFailed ? FAILED : 0) | (result.key != null ? HAS_KEY : 0)
                        | (result.isInErrors ? IN_ERRORS : 0);
                into.put(RESULT).put((byte) flags).putShort((short) 0).putInt(result.crc).putLong(result.number);
                into.putLong(result.key == null ? 0 : result.key.high());
                into.putLong(result.key == null ? 0 : result.key.low());
                into.putLong(result.end).putLong(0).putInt(result.tokens.prompt());
                into.putInt(result.tokens.output()).putInt(result.tokens.cached());
            }
            case Done(BatchSource.Place place) -> {
                into.put(PLACE).put((byte) 0).putShort((short) 0).putInt(0).putLong(place.number());
                into.putLong(0).putLong(0).putLong(0).putLong(place.position()).putInt(0).putInt(0).putInt(0);
            }
        }
        into.putInt(checksum(into.array(), into.arrayOffset() + start));
    }

    /** The entry that begins at {@code offset}, or null where there is no whole one. */
    static Entry read(byte[] bytes, int offset) {
        ByteBuffer from = ByteBuffer.wrap(bytes, offset, BYTES);
        if (from.getInt(offset + CHECKED_BYTES) != checksum(bytes, offset)) {
            return null;
        }
        byte kind = from.get();
        byte flags = from.get();
        from.getShort();
        int crc = from.getInt();
        long number = from.getLong();
        var key = new RecordKey(from.getLong(), from.getLong());
        long end = from.getLong();
        long position = from.getLong();
        int prompt = from.getInt();
        int output = from.getInt();
        return switch (kind) {
            case RESULT -> new Result(number, (flags & HAS_KEY) != 0 ? key : null, (flags & FAILED) != 0,
                    (flags & IN_ERRORS) != 0, end, crc, new BatchResult.Tokens(prompt, from.getInt(), output));
            case PLACE -> new Done(new BatchSource.Place(position, number));
            default -> null;
        };
    }

    private static int checksum(byte[] bytes, int offset) {
        var crc = new CRC32C();
        crc.update(bytes, offset, CHECKED_BYTES);
        return (int) crc.getValue();
    }
}
