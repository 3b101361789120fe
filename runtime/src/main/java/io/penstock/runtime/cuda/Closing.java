package io.penstock.runtime.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/** What its owner closes in the end, the youngest first; the first failure is thrown when all are closed. */
final class Closing implements AutoCloseable {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    <T extends AutoCloseable> T add(T resource) {
        open.push(resource);
        return resource;
    }

    @Override
    public void close() {
        RuntimeException first = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            } catch (Exception e) {
                throw new AssertionError("a device's resource threw a checked exception", e);
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
