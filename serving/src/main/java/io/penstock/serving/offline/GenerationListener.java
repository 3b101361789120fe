package io.penstock.serving.offline;

/** Follows one request while it is answered, on the thread that waits for it. What it throws ends the request. */
public interface GenerationListener {
    /** A piece of a choice's text, as soon as no stop string can begin in it. */
    void text(int choice, String delta);

    /** A token of a choice, before its text; end tokens do not come. */
    default void token(int choice, int tokenId) {}

    /** A choice has ended; nothing more comes of it. */
    default void finished(GenerationResult.Choice choice) {}
}
