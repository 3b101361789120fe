package io.penstock.batch.journal;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** One process at a time works on a job. The system gives the lock back when the process ends, however it ends. */
public final class JobLock implements AutoCloseable {
    private final FileChannel channel;

    private JobLock(FileChannel channel) {
        this.channel = channel;
    }

    /** @throws InputException if somebody else has it */
    public static JobLock take(JobFiles files) throws IOException {
        Path file = files.lock();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new JobLock(channel);
            }
        } catch (OverlappingFileLockException e) {
            // another job of this process
        }
        channel.close();
        throw new InputException("another process is at work on " + files.output() + ": wait until it ends, or give"
                + " another output");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
