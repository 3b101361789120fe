package io.penstock.device.cuda;

/** When a call that gives work to a GPU returns. */
public enum LaunchMode {
    /** At once; a failure is found later, by whatever waits. */
    QUEUED,
    /** When the work is done, so that a failure names it; slow. What is captured is not waited for, but its replay. */
    AWAITED
}
