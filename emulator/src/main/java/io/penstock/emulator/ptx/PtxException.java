package io.penstock.emulator.ptx;

/** PTX that cannot be understood, or that needs what is not there; the message is one line. */
public final class PtxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;
    private final boolean unsupported;
    private final String problem;

    private PtxException(int line, boolean unsupported, String problem) {
        super("PTX line " + line + ": " + problem);
        this.line = line;
        this.unsupported = unsupported;
        this.problem = problem;
    }

    /** The text is not PTX. */
    public static PtxException syntax(int line, String message) {
        return new PtxException(line, false, message);
    }

    /** The text is PTX, and is not executed here. */
    public static PtxException unsupported(int line, String message) {
        return new PtxException(line, true, message + " is not supported");
    }

    /** The message without the line. */
    public String problem() {
        return problem;
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
