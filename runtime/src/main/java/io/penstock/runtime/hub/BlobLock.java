package io.penstock.runtime.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The right to write one blob, against the threads of this process and against its other processes on the machine.
 * The system releases it when the process ends, however it ends; the lock file stays, since removing it would let two
 * holders in.
 */
final class BlobLock implements AutoCloseable {
    private static final ConcurrentHashMap<Path, ReentrantLock> IN_PROCESS = new ConcurrentHashMap<>();

    private final Path file;
    private final ReentrantLock thread;
    private final FileChannel channel;

    private BlobLock(Path file, ReentrantLock thread, FileChannel channel) {
        this.file = file;
        this.thread = thread;
        this.channel = channel;
    }

    /** Waits for the lock; {@code onWait} runs once if somebody else has it. */
    static BlobLock acquire(Path file, Runnable onWait) throws InterruptedException {
        ReentrantLock thread = IN_PROCESS.computeIfAbsent(file, _ -> new ReentrantLock());
        boolean waited = !thread.tryLock();
        if (waited) {
            onWait.run();
            thread.lockInterruptibly();
        }
        FileChannel channel = null;
        boolean held = false;
        try {
            Files.createDirectories(file.getParent());
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                if (!waited) {
                    onWait.run();
                }
                channel.lock();
            }
            held = true;
            return new BlobLock(file, thread, channel);
        } catch (FileLockInterruptionException e) {
            throw new InterruptedException();
        } catch (IOException e) {
            throw HubNames.cannot("lock", file, e);
        } finally {
            if (!held) {
                release(file, thread, channel);
            }
        }
    }

    @Override
    public void close() {
        release(file, thread, channel);
    }

    private static void release(Path file, ReentrantLock thread, FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw HubNames.cannot("unlock", file, e);
        } finally {
            thread.unlock();
        }
    }
}
