package io.penstock.batch.source;

import io.penstock.batch.BatchInput;
import io.penstock.batch.BatchSource;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;

/** JSON Lines that come once, such as those of standard input. */
public final class LinePipe implements BatchInput {
    private final String name;
    private final InputStream in;
    private final int maxLineBytes;

    /** @param in not closed */
    public LinePipe(String name, InputStream in, int maxLineBytes) {
        this.name = name;
        this.in = in;
        this.maxLineBytes = maxLineBytes;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isRepeatable() {
        return false;
    }

    @Override
    public BatchSource open() throws IOException {
        return new LineSource(position -> {
            in.skipNBytes(position);
            return new Unclosed(in);
        }, maxLineBytes);
    }

    @Override
    public Stamp stamp() {
        return new Stamp(0, 0);
    }

    @Override
    public Contents contents(LongConsumer read) {
        throw new IllegalStateException(name + " can be read once");
    }

    /** Whoever opened the stream closes it. */
    private static final class Unclosed extends java.io.FilterInputStream {
        Unclosed(InputStream in) {
            super(in);
        }

        @Override
        public void close() {}
    }
}
