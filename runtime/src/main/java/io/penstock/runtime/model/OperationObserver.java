package io.penstock.runtime.model;

/** Told of each operation of a step, to time or count it; called on the thread that queues the operations. */
public interface OperationObserver {
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
