package io.penstock.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Links between the project's pages lead somewhere: the file is there, and the heading in it. */
final class MarkdownRules {
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*]\\(\\s*<?([^)\\s>]+)>?[^)]*\\)");
    private static final Pattern FENCED = Pattern.compile("(?ms)^ *```.*?^ *```[^\n]*$");
    private static final Pattern CODE = Pattern.compile("`[^`\n]*`");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*?) *#*$");
    private static final Pattern ELSEWHERE = Pattern.compile("[a-z][a-z0-9+.-]*:.*");

    private MarkdownRules() {}

    static List<String> violations(Path root, String file, String text) {
        List<String> violations = new ArrayList<>();
        Path page = root.resolve(file);
        String prose = CODE.matcher(blankFences(text)).replaceAll(code -> " ".repeat(code.group().length()));
        Matcher link = LINK.matcher(prose);
        while (link.find()) {
            String target = link.group(1);
            if (ELSEWHERE.matcher(target).matches()) {
                continue;
            }
            String problem = problem(page, text, target);
            if (problem != null) {
                long line = text.substring(0, link.start()).chars().filter(c -> c == '\n').count() + 1;
                violations.add(file + ":" + line + ": link to " + target + ": " + problem);
            }
        }
        return violations;
    }

    private static String problem(Path page, String text, String target) {
        int hash = target.indexOf('#');
        String path = hash < 0 ? target : target.substring(0, hash);
        Path destination = path.isEmpty() ? page : page.resolveSibling(path).normalize();
        if (!path.isEmpty() && !Files.exists(destination)) {
            return "there is no such file; name one that is there, relative to this page";
        }
        if (hash >= 0 && destination.toString().endsWith(".md")) {
            String content = destination.equals(page) ? text : read(destination);
            List<String> anchors = anchors(content);
            if (!anchors.contains(target.substring(hash + 1))) {
                return "there is no such heading; it has " + anchors;
            }
        }
        return null;
    }

    private static String read(Path file) {
        return SourceTree.read(SourceTree.root().relativize(file).toString());
    }

    /** As GitHub makes them: lower case, punctuation dropped, spaces to hyphens, repeated ones numbered. */
    static List<String> anchors(String text) {
        Map<String, Integer> seen = new HashMap<>();
        List<String> anchors = new ArrayList<>();
        Matcher heading = HEADING.matcher(blankFences(text));
        while (heading.find()) {
            String anchor = heading.group(1)
                    .replaceAll("\\[([^\\]]*)]\\([^)]*\\)", "$1")
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}\\p{M}_ -]", "")
                    .replace(' ', '-');
            int before = seen.merge(anchor, 1, Integer::sum) - 1;
            anchors.add(before == 0 ? anchor : anchor + "-" + before);
        }
        return anchors;
    }

    private static String blankFences(String text) {
        return FENCED.matcher(text).replaceAll(fence -> fence.group().replaceAll("[^\n]", " "));
    }
}
