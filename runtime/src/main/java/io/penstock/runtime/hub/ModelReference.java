package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.util.regex.Pattern;

/**
 * A model repository on a hub and a revision of it: {@code ORG/NAME} or {@code ORG/NAME@REVISION}. All three are safe
 * as parts of a path and of a URL.
 *
 * @param revision a branch, a tag, or a commit
 */
public record ModelReference(String org, String name, String revision) {
    /** The revision that is meant when none is given. */
    public static final String DEFAULT_REVISION = "main";

    private static final int MAX_REVISION_LENGTH = 200;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?");
    private static final Pattern REVISION_PART = Pattern.compile("[A-Za-z0-9_+][A-Za-z0-9_+.-]*");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    public ModelReference {
        requireName("organisation", org);
        requireName("name", name);
        requireRevision(revision);
    }

    /**
     * Reads what a user typed.
     *
     * @throws InputException where it is not {@code ORG/NAME[@REVISION]} in the hub's characters
     */
    public static ModelReference parse(String text) {
        int at = text.indexOf('@');
        String repository = at < 0 ? text : text.substring(0, at);
        int slash = repository.indexOf('/');
        if (slash < 0 || slash != repository.lastIndexOf('/')) {
            throw new InputException(
                    "'" + HubNames.shown(text) + "' is not a model on a hub: give ORG/NAME or ORG/NAME@REVISION");
        }
        return new ModelReference(
                repository.substring(0, slash),
                repository.substring(slash + 1),
                at < 0 ? DEFAULT_REVISION : text.substring(at + 1));
    }

    /** {@code ORG/NAME}. */
    public String repository() {
        return org + "/" + name;
    }

    /** Whether the revision is a full commit hash, so that it always means the same files. */
    public boolean isCommit() {
        return isCommit(revision);
    }

    @Override
    public String toString() {
        return revision.equals(DEFAULT_REVISION) ? repository() : repository() + "@" + revision;
    }

    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    private static void requireName(String what, String text) {
        if (!NAME.matcher(text).matches() || text.contains("--") || text.contains("..") || text.endsWith(".git")) {
            throw new InputException("model " + what + " '" + HubNames.shown(text)
                    + "' is not one a hub can have: letters, digits, '_', '-' and '.', at most 96, no '--' or '..'");
        }
    }

    private static void requireRevision(String text) {
        boolean valid = !text.isEmpty() && text.length() <= MAX_REVISION_LENGTH && !text.contains("..");
        for (String part : text.split("/", -1)) {
            valid &= REVISION_PART.matcher(part).matches() && !part.endsWith(".") && !part.endsWith(".lock");
        }
        if (!valid) {
            throw new InputException("model revision '" + HubNames.shown(text)
                    + "' is not a branch, tag or commit: letters, digits, '_', '-', '+', '.' and '/'");
        }
    }
}
