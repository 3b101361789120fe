package io.penstock.serving.stream;

/**
 * Told what happens to requests, for metrics and logs; one instance an event loop, called on it alone. Must return at
 * once.
 */
public interface StreamObserver {
    /** For a server that counts nothing. */
    StreamObserver NONE = new StreamObserver() {
        @Override
        public void tokens(int numTokens, long gapNs) {}

        @Override
        public void ended(StreamReport report) {}
    };

    /** A choice's next tokens came, {@code gapNs} after those before. Not told of its first. */
    void tokens(int numTokens, long gapNs);

    void ended(StreamReport report);
}
