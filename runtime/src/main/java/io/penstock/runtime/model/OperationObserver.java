package io.penstock.runtime.model;

/**
 * Told of each operation of a step, and by a runner of each step round them, to time, count or show it; called on the
 * thread that queues the operations.
 */
public interface OperationObserver {
    /** Does nothing. */
    OperationObserver NONE = new OperationObserver() {
        @Override
        public void before(String name) {}

        @Override
        public void after(String name) {}
    };

    /**
     * An operation is about to be queued.
     *
     * @param name as {@link Ops} calls it, with what it is used for where a step uses it for several things:
     *     {@code "linear outProj"}
     */
    void before(String name);

    /** The operation has been queued. */
    void after(String name);
}
