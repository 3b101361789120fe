package io.penstock.emulator.ptx;

/** PTX that cannot be understood, or that needs what is not there; the message is one line. */
public final class PtxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;
    private final boolean unsupported;

    private PtxException(int line, boolean unsupported, String message) {
        super(message);
        this.line = line;
        this.unsupported = unsupported;
    }

    /** The text is not PTX. */
    public static PtxException syntax(int line, String message) {
        return new PtxException(line, false, "PTX line " + line + ": " + message);
    }

    /** The text is PTX, and is not executed here. */
    public static PtxException unsupported(int line, String message) {
        return new PtxException(line, true, "PTX line " + line + ": " + message + " is not supported");
    }

    /** Counted from 1; 0 if no line is to blame. */
    public int line() {
        return line;
    }

    /** Whether it is valid PTX that is not executed here. */
    public boolean isUnsupported() {
        return unsupported;
    }
}
