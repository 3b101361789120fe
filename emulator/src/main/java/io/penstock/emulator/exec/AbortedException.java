package io.penstock.emulator.exec;

/** The launch cannot go on; what is wrong was reported. */
class AbortedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AbortedException() {
        super(null, null, false, false);
    }
}
