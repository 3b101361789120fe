package io.penstock.runtime.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelReferenceTest {
    @ParameterizedTest
    @CsvSource({
        "LiquidAI/LFM2.5-8B-A1B, LiquidAI, LFM2.5-8B-A1B, main",
        "a/b@v1.0, a, b, v1.0",
        "_o/n_@refs/pr/12, _o, n_, refs/pr/12",
        "a/b@0123456789abcdef0123456789abcdef01234567, a, b, 0123456789abcdef0123456789abcdef01234567",
        "a/b@feature/x+y-z_1, a, b, feature/x+y-z_1",
    })
    void parses(String text, String org, String name, String revision) {
        ModelReference model = ModelReference.parse(text);
        assertEquals(new ModelReference(org, name, revision), model);
        assertEquals(org + "/" + name, model.repository());
        assertEquals(text, model.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "name", "/", "a/", "/b", "a/b/c", "./b", "../b", "a/..", "a/.b", "a/b.", "-a/b", "a/b-",
        "a--b/c", "a/b--c", "a/b..c", "a/b.git", "a b/c", "a\\b/c", "a/b\n", "a/\u0000b", "ä/b", "a/b@", "a/b@..",
        "a/b@a..b", "a/b@/main", "a/b@main/", "a/b@a//b", "a/b@.hidden", "a/b@x/.y", "a/b@-f", "a/b@ma in",
        "a/b@x.lock", "a/b@x?y", "a/b@x%2e", "a/b@x\\y", "a/b@m@n", "https://huggingface.co/a/b", "a/b@x\r\ny"})
    void refusesWhatIsNoReference(String text) {
        String message = assertThrows(InputException.class, () -> ModelReference.parse(text)).getMessage();
        assertTrue(message.chars().noneMatch(Character::isISOControl), message);
    }

    @Test
    void refusesLongNames() {
        ModelReference.parse("a".repeat(96) + "/b");
        assertThrows(InputException.class, () -> ModelReference.parse("a".repeat(97) + "/b"));
        String message = assertThrows(InputException.class, () -> ModelReference.parse("a/b@" + "c".repeat(10_000)))
                .getMessage();
        assertTrue(message.length() < 300, message);
    }

    @Test
    void knowsACommit() {
        assertTrue(ModelReference.parse("a/b@0123456789abcdef0123456789abcdef01234567").isCommit());
        assertFalse(ModelReference.parse("a/b@0123456").isCommit());
        assertFalse(ModelReference.parse("a/b").isCommit());
    }
}
