package io.penstock.runtime.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that are damaged or of another make: each is refused in one line that names what is wrong. */
class TokenizerFileTest {
    @TempDir
    Path folder;

    static Stream<Arguments> broken() {
        return Stream.of(
            broken("model of another type", "Unigram", file -> model(file).put("type", "Unigram")),
            broken("no model", "no model.vocab", file -> file.remove("model")),
            broken("no merges", "no model.merges", file -> model(file).remove("merges")),
            broken("vocabulary is a list", "model.vocab", file -> model(file).putArray("vocab")),
            broken("merge of a missing token", "\"zzzz\"", file -> merges(file).addArray().add("zzzz").add("z")),
            broken("merge to a missing token", "\"qj\"", file -> merges(file).addArray().add("q").add("j")),
            broken("merge of three", "merges[1735]", file -> merges(file).add("a b c")),
            broken("merge of one", "merges[1735]", file -> merges(file).addArray().add("a")),
            broken("merge that is a number", "merges[1735]", file -> merges(file).add(7)),
            broken("an id twice", "the id 7", file -> vocab(file).put("zzzzz", 7)),
            broken("an id that is no integer", "integer", file -> vocab(file).put("zzzzz", "7")),
            broken("a negative id", "-1", file -> vocab(file).put("zzzzz", -1)),
            broken("an enormous id", "2000000000", file -> vocab(file).put("zzzzz", 2_000_000_000)),
            broken("a byte without token", "0x00", file -> vocab(file).remove("\u0100")),
            broken("added token with an id in use", "the id 5", file -> added(file, 5, "<x>")),
            broken("added token with two ids", "<|pad|>", file -> added(file, 3000, "<|pad|>")),
            broken("added token without content", "added_tokens[9]", file -> added(file, 3000, "")),
            broken("flag that is a word", "lstrip", file -> added(file, 3000, "<x>").put("lstrip", "yes")),
            broken("normalizer", "NFC", file -> file.putObject("normalizer").put("type", "NFC")),
            broken("decoder", "WordPiece", file -> file.putObject("decoder").put("type", "WordPiece")),
            broken("no pre-tokenizer", "ByteLevel", file -> file.putNull("pre_tokenizer")),
            broken("pre-tokenizer", "Whitespace", file -> file.putObject("pre_tokenizer").put("type", "Whitespace")),
            broken("Digits", "Digits", file -> parts(file).insertObject(0).put("type", "Digits")),
            broken("prefix space", "add_prefix_space", file -> part(file, 1).put("add_prefix_space", true)),
            broken("behavior", "MergedWithNext", file -> part(file, 0).put("behavior", "MergedWithNext")),
            broken("regex", "regular expression", file -> regex(file, "(a")),
            broken("regex of another dialect", "'{1,3}+'", file -> regex(file, "\\p{N}{1,3}+")),
            broken("dropout", "dropout", file -> model(file).put("dropout", 0.1)),
            broken("prefix", "continuing_subword_prefix", file -> model(file).put("continuing_subword_prefix", "##")));
    }

    private static Arguments broken(String name, String mention, Consumer<ObjectNode> change) {
        return Arguments.of(name, mention, change);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void isRefusedInOneLine(String name, String mention, Consumer<ObjectNode> change) throws IOException {
        ObjectNode file = TextGoldens.read(TextGoldens.path("current")).deepCopy();
        change.accept(file);
        assertRefused(write(TextGoldens.JSON.writeValueAsString(file)), mention);
    }

    @Test
    void missingAndDamagedFilesAreRefused() throws IOException {
        String whole = Files.readString(TextGoldens.path("current"));
        assertRefused(folder.resolve("absent.json"), "no such file");
        assertRefused(folder, "cannot be read");
        assertRefused(write(""), "JSON");
        assertRefused(write("[]"), "JSON object");
        assertRefused(write("{}"), "no model.vocab");
        for (int length = 10; length < whole.length(); length += whole.length() / 40) {
            assertRefused(write(whole.substring(0, length)), "not valid JSON");
        }
        assertRefused(write(whole.replaceFirst("\"vocab\": ?\\{", "$0\"!\": 1,")), "\"!\"");
    }

    private Path write(String text) throws IOException {
        return Files.writeString(folder.resolve("tokenizer.json"), text);
    }

    private static void assertRefused(Path path, String mention) {
        String message = assertThrows(InputException.class, () -> Tokenizer.load(path)).getMessage();
        assertTrue(message.contains(mention), message);
        assertTrue(message.startsWith(path.toString()), message);
        assertFalse(message.contains("\n"), message);
    }

    @Test
    void keysMayComeInAnyOrder() throws IOException {
        JsonNode file = TextGoldens.read(TextGoldens.path("legacy"));
        ObjectNode turned = TextGoldens.JSON.createObjectNode();
        turned.set("added_tokens", file.get("added_tokens"));
        ObjectNode model = turned.putObject("model");
        model.set("merges", file.at("/model/merges"));
        model.put("ignore_merges", true);
        model.set("vocab", file.at("/model/vocab"));
        turned.set("pre_tokenizer", file.get("pre_tokenizer"));
        Tokenizer tokenizer = Tokenizer.load(write(TextGoldens.JSON.writeValueAsString(turned)));
        String text = "the <think>odd order</think> zyzzyva";
        assertArrayEquals(TextGoldens.tokenizer("legacy").encode(text), tokenizer.encode(text));
    }

    @Test
    void flagsOfAddedTokensAreHonoured() throws IOException {
        ObjectNode file = TextGoldens.read(TextGoldens.path("current")).deepCopy();
        added(file, 2000, "<l>").put("lstrip", true);
        added(file, 2001, "<r>").put("rstrip", true);
        added(file, 2002, "word").put("single_word", true);
        added(file, 2003, "<n>").put("normalized", true);
        added(file, 2004, "<ü b>");
        file.putObject("post_processor").put("type", "TemplateProcessing");
        file.putObject("truncation").put("max_length", 2);
        Tokenizer tokenizer = Tokenizer.load(write(TextGoldens.JSON.writeValueAsString(file)));
        int a = tokenizer.encode("a")[0];
        int space = tokenizer.encode(" ")[0];
        int spaceA = tokenizer.encode(" a")[0];
        assertArrayEquals(new int[] {a, 2000, spaceA}, tokenizer.encode("a \n<l> a"));
        assertArrayEquals(new int[] {a, space, 2001, a}, tokenizer.encode("a <r>\u3000 a"));
        assertArrayEquals(new int[] {2002, space, 2002}, tokenizer.encode("word word"));
        assertFalse(tokenizer.isAdded(tokenizer.encode("wordy")[0]));
        assertArrayEquals(new int[] {2003, a}, tokenizer.encode("<n>a"));
        assertArrayEquals(new int[] {2004}, tokenizer.encode("<ü b>"));
        assertEquals("<ü b>", tokenizer.decode(new int[] {2004}, false));
        assertEquals(2005, tokenizer.vocabSize());
    }

    private static ObjectNode model(ObjectNode file) {
        return (ObjectNode) file.get("model");
    }

    private static ObjectNode vocab(ObjectNode file) {
        return (ObjectNode) model(file).get("vocab");
    }

    private static ArrayNode merges(ObjectNode file) {
        return (ArrayNode) model(file).get("merges");
    }

    private static ObjectNode added(ObjectNode file, int id, String content) {
        return ((ArrayNode) file.get("added_tokens")).addObject().put("id", id).put("content", content);
    }

    private static ArrayNode parts(ObjectNode file) {
        return (ArrayNode) file.at("/pre_tokenizer/pretokenizers");
    }

    private static ObjectNode part(ObjectNode file, int index) {
        return (ObjectNode) parts(file).get(index);
    }

    private static void regex(ObjectNode file, String regex) {
        ((ObjectNode) part(file, 0).get("pattern")).put("Regex", regex);
    }
}
