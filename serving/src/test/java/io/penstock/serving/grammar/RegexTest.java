package io.penstock.serving.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.TokenGrammar;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions against those of the JDK: what is written matches, and what matches can be written. */
class RegexTest {
    private final Grammars grammars = Walk.grammars();

    @ParameterizedTest
    @ValueSource(strings = {"abc", "a|bc|", "[a-c]{2,4}x?", "\\d{3}-\\d{4}", "^(?:yes|no)$", "(a|b)*c", "[^a-z]+",
        "\\w{1,3}@\\w{0,2}\\.(com|org)", "é[à-ü]*", "[😀-😎]{1,3}", "\\u00e9|\\x41|\\u{1F600}", ".{2,5}",
        "a.?b.*",
        "\\S+\\s\\S+",
        "\\D\\W", "[\\w.-]{3}", "[^\\d\\s]{2}", "(?<year>\\d{4})-(?<m>\\d\\d)", "a{0}b", "(?:ab?){3,}", "[\\]\\[^-]+",
        "\\{\\}\\\\", "x{2,}?y", "\\t\\n\\r\\f", "[0-9A-F]{8}(-[0-9A-F]{4}){3}", "日本|日.|本+"})
    void likeTheJdk(String regex) {
        TokenGrammar grammar = grammars.compile(new OutputForm.Pattern(regex), Reasoning.NONE);
        Pattern pattern = Pattern.compile(regex.replace("\\u{1F600}", "\\x{1F600}"));
        Random random = new Random(regex.hashCode());
        int numWhole = 0;
        for (int i = 0; i < 40; i++) {
            Walk.Output output = Walk.random(grammar, random, 60);
            if (output.isWhole()) {
                numWhole++;
                assertTrue(pattern.matcher(output.text()).matches(), regex + " does not match " + output.text());
                assertTrue(Walk.accepts(grammar, output.text()), output.text());
            }
        }
        assertTrue(numWhole > 10, numWhole + " came to an end");
        String[] pieces = {"a", "b", "c", "x", "y", "1", "23", "-", "A", "é", "日", "😀", "@", ".com", " ", "\n",
            "yes"};
        for (int i = 0; i < 300; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(6); length >= 0; length--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            boolean isAccepted = Walk.acceptsBytes(grammar, text.toString());
            // Where dialects differ over a class, only what all of them take is written.
            boolean mayBeLess = regex.matches(".*(?:\\\\[WDS]|\\[\\^\\\\).*");
            assertEquals(pattern.matcher(text).matches() && (isAccepted || !mayBeLess), isAccepted,
                    regex + " on " + text);
        }
    }
}
