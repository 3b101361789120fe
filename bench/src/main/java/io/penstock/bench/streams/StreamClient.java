package io.penstock.bench.streams;

/** One stream after the other; counts what comes. Its counts are another thread's, and good for a look. */
interface StreamClient {
    void start();

    /** What comes from here on is no failure. */
    void stop();

    long numTokens();

    long numMessages();

    /** Why it broke; null while it has not. */
    Throwable failure();
}
