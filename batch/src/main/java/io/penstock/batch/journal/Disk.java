package io.penstock.batch.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The file operations of a job, as few as there are. */
public interface Disk {
    /** Opens a file for reading and writing; makes it, durably, if it is not there. */
    DiskFile open(Path file) throws IOException;

    /** The size of a file, -1 if there is none. */
    long size(Path file) throws IOException;

    /** The content of a small file. */
    byte[] read(Path file) throws IOException;

    /** Makes a file of this content, or puts it in the place of another: whole and durable, or not at all. */
    void replace(Path file, byte[] content) throws IOException;

    /** Renames durably, over what is there. */
    void rename(Path from, Path to) throws IOException;

    /** Removes a file if it is there. */
    void delete(Path file) throws IOException;

    /** Makes a folder, durably, if it is not there. */
    void makeFolder(Path folder) throws IOException;

    /**
     * Takes a lock for this process, which the system gives back when the process ends, however it ends; null if
     * another one has it.
     */
    Lock lock(Path file) throws IOException;

    /** A lock that is held. */
    interface Lock extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    /** An open file. */
    interface DiskFile extends AutoCloseable {
        long size() throws IOException;

        /** Writes some of the bytes, at least one, at a position; how many. */
        int write(ByteBuffer bytes, long position) throws IOException;

        /** Reads some bytes from a position; -1 at the end. */
        int read(ByteBuffer into, long position) throws IOException;

        /** Cuts it off. */
        void truncate(long size) throws IOException;

        /** Returns when all that was written is on the disk. */
        void force() throws IOException;

        @Override
        void close() throws IOException;

        /** Writes all of the bytes. */
        default void writeFully(ByteBuffer bytes, long position) throws IOException {
            long at = position;
            while (bytes.hasRemaining()) {
                int written = write(bytes, at);
                if (written <= 0) {
                    throw new IOException("nothing was written");
                }
                at += written;
            }
        }

        /** Fills the buffer, as far as there are bytes; how many. */
        default int readFully(ByteBuffer into, long position) throws IOException {
            int numRead = 0;
            while (into.hasRemaining()) {
                int read = read(into, position + numRead);
                if (read < 0) {
                    break;
                }
                numRead += read;
            }
            return numRead;
        }
    }
}
