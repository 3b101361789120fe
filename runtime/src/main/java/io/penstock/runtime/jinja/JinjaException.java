package io.penstock.runtime.jinja;

/** A template that cannot be parsed or rendered, or one that refuses its input with {@code raise_exception}. */
public final class JinjaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean raised;

    JinjaException(String message) {
        this(message, false);
    }

    private JinjaException(String message, boolean raised) {
        super(message);
        this.raised = raised;
    }

    static JinjaException raised(String message) {
        return new JinjaException(message, true);
    }

    static JinjaException at(int line, String message) {
        return new JinjaException("line " + line + ": " + message);
    }

    /** Whether the template itself refuses, in its own words. */
    public boolean isRaised() {
        return raised;
    }
}
