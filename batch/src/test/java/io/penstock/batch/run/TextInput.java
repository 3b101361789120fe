package io.penstock.batch.run;

import io.penstock.batch.BatchInput;
import io.penstock.batch.BatchSource;
import io.penstock.batch.source.LinePipe;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;

/** Lines in memory, as a file would give them: any number of times, and from any place. */
public record TextInput(byte[] bytes, long modifiedMs) {
    public TextInput(String text) {
        this(text.getBytes(StandardCharsets.UTF_8), 1);
    }

    /** This as an input of jobs. */
    public BatchInput input() {
        return new BatchInput() {
            @Override
            public String name() {
                return "text";
            }

            @Override
            public boolean isRepeatable() {
                return true;
            }

            @Override
            public BatchSource open() throws java.io.IOException {
                return new LinePipe("text", new ByteArrayInputStream(bytes), 1 << 16).open();
            }

            @Override
            public Stamp stamp() {
                return new Stamp(bytes.length, modifiedMs);
            }

            @Override
            public Contents contents(java.util.function.LongConsumer read) {
                return new Contents(Integer.toHexString(java.util.Arrays.hashCode(bytes)), 0);
            }
        };
    }
}
