package io.penstock.batch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What identifies a record in a job: 128 bits of the SHA-256 of its custom_id. All that must be the same in every run,
 * but not the same for every record, is made of it: ids, seeds, the shard it belongs to.
 */
public record RecordKey(long high, long low) {
    private static final long MASK_31 = 0x7FFF_FFFFL;
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    public static RecordKey of(String customId) {
        return of(customId.getBytes(StandardCharsets.UTF_8));
    }

    private static RecordKey of(byte[] name) {
        ByteBuffer digest = ByteBuffer.wrap(sha256().digest(name));
        return new RecordKey(digest.getLong(), digest.getLong());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /** The seed of a request that has none: not negative and of 31 bits, which all protocols can carry. */
    public long seed(long jobSeed) {
        long z = high ^ jobSeed * GOLDEN_GAMMA;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return (z ^ z >>> 31) & MASK_31;
    }

    /** Which of {@code numShards} shards it belongs to. */
    public int shard(int numShards) {
        return (int) Long.remainderUnsigned(low, numShards);
    }

    /** 32 hexadecimal digits. */
    public String hex() {
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(high) + hex.toHexDigits(low);
    }
}
