package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Names that a hub or a user gave: which are safe as paths, and how they are written in URLs and messages. */
final class HubNames {
    private static final int MAX_SHOWN_CHARS = 120;
    private static final int MAX_FILE_CHARS = 512;

    private HubNames() {
    }

    /** Whether a repository's file name stays inside the folder that it is resolved against, on any system. */
    static boolean isSafeFile(String file) {
        if (file.isEmpty() || file.length() > MAX_FILE_CHARS || file.indexOf('\\') >= 0 || hasDrive(file)) {
            return false;
        }
        if (file.chars().anyMatch(Character::isISOControl)) {
            return false;
        }
        for (String part : file.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return false;
            }
        }
        return true;
    }

    /** {@code file}, or an {@link InputException} that says which repository has it. */
    static String requireSafeFile(String file, ModelReference model) {
        if (!isSafeFile(file)) {
            throw new InputException(
                    model + " lists the file '" + shown(file) + "', which is no safe path: it is not downloaded");
        }
        return file;
    }

    /** Percent-encodes all but unreserved characters; {@code /} too. */
    static String urlPart(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** As {@link #urlPart}, but for a path with slashes. */
    static String urlPath(String path) {
        return urlPart(path).replace("%2F", "/");
    }

    /** Text from outside, fit for one line of a message. */
    static String shown(String text) {
        StringBuilder line = new StringBuilder();
        text.codePoints().limit(MAX_SHOWN_CHARS).forEach(c ->
                line.appendCodePoint(Character.isISOControl(c) || c == 0x2028 || c == 0x2029 ? '?' : c));
        return text.codePointCount(0, text.length()) > MAX_SHOWN_CHARS ? line + "..." : line.toString();
    }

    /** What went wrong, in the words of the system; never empty. */
    static String reason(Exception failure) {
        return switch (failure) {
            case NoSuchFileException _ -> "there is no such file or folder";
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException _ -> "there is a file in the way";
            case FileSystemException e when e.getReason() != null -> shown(e.getReason());
            case Exception e when e.getMessage() == null -> e.getClass().getSimpleName();
            case Exception e -> shown(e.getMessage());
        };
    }

    /** A disk failure in the user's words. */
    static InputException cannot(String verb, Object path, IOException failure) {
        return new InputException("cannot " + verb + " " + path + ": " + reason(failure)
                + " (HF_HUB_CACHE or HF_HOME choose another cache)", failure);
    }

    private static boolean hasDrive(String file) {
        return file.length() > 1 && file.charAt(1) == ':' && Character.isLetter(file.charAt(0));
    }
}
