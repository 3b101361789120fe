package io.penstock.runtime.hub;

import java.time.Duration;

/** Lets one call at a time through to a listener. */
record SerialProgress(PullProgress listener) implements PullProgress {
    @Override
    public synchronized void filesFound(int numFiles, long totalBytes) {
        listener.filesFound(numFiles, totalBytes);
    }

    @Override
    public synchronized void fileCached(String file, long sizeBytes) {
        listener.fileCached(file, sizeBytes);
    }

    @Override
    public synchronized void fileWaiting(String file) {
        listener.fileWaiting(file);
    }

    @Override
    public synchronized void fileStarted(String file, long sizeBytes, long presentBytes) {
        listener.fileStarted(file, sizeBytes, presentBytes);
    }

    @Override
    public synchronized void bytesAdvanced(String file, long presentBytes) {
        listener.bytesAdvanced(file, presentBytes);
    }

    @Override
    public synchronized void retrying(String file, String reason, Duration delay) {
        listener.retrying(file, reason, delay);
    }

    @Override
    public synchronized void fileDone(String file) {
        listener.fileDone(file);
    }

    @Override
    public synchronized void verified(String file) {
        listener.verified(file);
    }
}
