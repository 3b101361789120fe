package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/**
 * How often and after what delay a failed request is tried again: the delay doubles up to a cap, unless the server
 * asks for another.
 *
 * @param maxFailures failures in a row, without progress between them, that end it
 * @param maxRequestedDelay a server that asks for more is not waited for
 */
record Retry(
        int maxFailures,
        Duration firstDelay,
        Duration maxDelay,
        Duration maxRequestedDelay,
        InstantSource clock,
        Sleeper sleeper) {
    static final Retry STANDARD = new Retry(6, Duration.ofMillis(500), Duration.ofSeconds(20), Duration.ofMinutes(6),
            InstantSource.system(), Thread::sleep);

    /** Lets time pass. */
    interface Sleeper {
        void sleep(Duration time) throws InterruptedException;
    }

    /** One request, which may fail for the network's sake. */
    interface Attempt<T> {
        T run() throws IOException, InterruptedException;
    }

    /** Runs {@code attempt} until it returns; {@code what} is said in messages. */
    <T> T call(String what, PullProgress progress, Attempt<T> attempt) throws InterruptedException {
        for (int failures = 1; ; failures++) {
            try {
                return attempt.run();
            } catch (IOException e) {
                pause(what, progress, failures, e);
            }
        }
    }

    /** Waits before the next attempt, or throws an {@link InputException} if there should be none. */
    void pause(String what, PullProgress progress, int failures, IOException cause) throws InterruptedException {
        Duration requested = cause instanceof StatusException status ? requested(status.retryAfter()) : Duration.ZERO;
        if (requested.compareTo(maxRequestedDelay) > 0) {
            throw new InputException("cannot download " + what + ": " + HubNames.reason(cause) + " and asks to wait "
                    + requested.toSeconds() + " s: pull again then", cause);
        }
        if (failures >= maxFailures) {
            throw new InputException("cannot download " + what + ": " + HubNames.reason(cause) + " (" + failures
                    + " attempts): pull again later, what has arrived is kept", cause);
        }
        Duration backoff = firstDelay.multipliedBy(1L << Math.min(failures - 1, 20));
        Duration delay = requested.isPositive() ? requested : backoff.compareTo(maxDelay) < 0 ? backoff : maxDelay;
        progress.retrying(what, HubNames.reason(cause), delay);
        sleeper.sleep(delay);
    }

    private Duration requested(String retryAfter) {
        if (retryAfter == null) {
            return Duration.ZERO;
        }
        if (retryAfter.matches("\\d{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(retryAfter));
        }
        try {
            Instant then = ZonedDateTime.parse(retryAfter, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            Duration wait = Duration.between(clock.instant(), then);
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeException e) {
            return Duration.ZERO;
        }
    }
}
