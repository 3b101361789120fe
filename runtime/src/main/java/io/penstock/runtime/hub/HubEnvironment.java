package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Environment variables with the meaning that they have for every program that shares the hub cache. */
record HubEnvironment(Map<String, String> variables) {
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
    private static final Pattern VARIABLE = Pattern.compile("\\$(?:\\{(\\w+)}|(\\w+))");

    /** The first of these variables that is set and not blank. */
    Optional<String> text(String... names) {
        for (String name : names) {
            String value = variables.get(name);
            if (value != null && !value.isBlank()) {
                return Optional.of(value.strip());
            }
        }
        return Optional.empty();
    }

    boolean flag(String... names) {
        return text(names).map(value -> TRUE.contains(value.toUpperCase(Locale.ROOT))).orElse(false);
    }

    /** A path with a leading {@code ~} and {@code $NAME} replaced. */
    Optional<Path> path(String... names) {
        for (String name : names) {
            Optional<String> value = text(name);
            if (value.isPresent()) {
                return Optional.of(expanded(name, value.get()));
            }
        }
        return Optional.empty();
    }

    Path home() {
        return Path.of(text("HOME").orElse(System.getProperty("user.home")));
    }

    /** The folder of the hub's settings, token and cache. */
    Path hfHome() {
        return path("HF_HOME").orElseGet(() ->
                path("XDG_CACHE_HOME").orElse(home().resolve(".cache")).resolve("huggingface"));
    }

    private Path expanded(String name, String value) {
        String text = value.equals("~") || value.startsWith("~/") ? home() + value.substring(1) : value;
        String full = VARIABLE.matcher(text).replaceAll(found -> {
            String variable = found.group(1) == null ? found.group(2) : found.group(1);
            return Matcher.quoteReplacement(variables.getOrDefault(variable, found.group()));
        });
        try {
            return Path.of(full);
        } catch (InvalidPathException e) {
            throw new InputException(name + " is not a path: '" + HubNames.shown(value) + "'", e);
        }
    }
}
