package io.penstock.runtime.hub;

import java.time.Duration;

/**
 * Told what a pull does, in the order it happens for each file; files overlap. Calls come from several threads, but
 * one at a time, and hold up the download while they last.
 */
public interface PullProgress {
    /** Listens to nothing. */
    PullProgress SILENT = new PullProgress() { };

    /** These files will be fetched or found next; a pull may say so more than once. */
    default void filesFound(int numFiles, long totalBytes) {
    }

    /** The file was in the cache already. */
    default void fileCached(String file, long sizeBytes) {
    }

    /** Somebody else is downloading the file; this pull waits for them. */
    default void fileWaiting(String file) {
    }

    /** A download begins, after {@code presentBytes} that an earlier one left. */
    default void fileStarted(String file, long sizeBytes, long presentBytes) {
    }

    /** {@code presentBytes} of the file are there; fewer than before where it had to start again. */
    default void bytesAdvanced(String file, long presentBytes) {
    }

    /** An attempt failed and the next begins after {@code delay}. */
    default void retrying(String file, String reason, Duration delay) {
    }

    /** All bytes are there; their hash is computed next. */
    default void fileDone(String file) {
    }

    /** Size and hash are those the hub announced, and the file has its final name. */
    default void verified(String file) {
    }
}
