package io.penstock.runtime.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads a {@code tokenizer.json}: vocabulary and merges as a stream without a string each, the rest as a tree. */
final class TokenizerFile {
    private static final JsonFactory JSON = JsonFactory.builder()
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .build();

    private final Path path;
    private final Map<String, Object> settings = new LinkedHashMap<>();
    private final Map<String, Object> modelSettings = new LinkedHashMap<>();
    private Vocabulary vocabulary;
    private BytePairMerges merges;
    private boolean mergesBeforeVocabulary;
    private byte[] word = new byte[256];

    TokenizerFile(Path path) {
        this.path = path;
    }

    Tokenizer read() {
        byte[] json = readBytes();
        parse(json);
        if (mergesBeforeVocabulary && vocabulary != null) {
            parse(json);
        }
        if (vocabulary == null) {
            throw refusal("has no model.vocab; a byte-level BPE tokenizer.json is needed");
        }
        if (merges == null) {
            throw refusal("has no model.merges; a byte-level BPE tokenizer.json is needed");
        }
        Components components = new Components(this, settings, modelSettings);
        components.checkModel();
        WordSplitter splitter = components.splitter();
        for (int b = 0; b < 256; b++) {
            int id = vocabulary.idOfBytes(new byte[] {(byte) b}, 0, 1);
            if (id < 0) {
                throw refusal("has no token for the byte " + String.format("0x%02X", b)
                    + "; a byte-level vocabulary has all 256");
            }
            merges.setByte(b, id);
        }
        AddedTokens[] added = addedTokens(components.addedTokens());
        return new Tokenizer(vocabulary, merges, components.ignoreMerges(), splitter, added);
    }

    private byte[] readBytes() {
        try {
            return Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            throw new InputException(path + ": no such file; a checkpoint needs its tokenizer.json", e);
        } catch (IOException e) {
            throw new InputException(path + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    private void parse(byte[] json) {
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw refusal("is not a JSON object; is it the right file?");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "model" -> model(parser);
                    case "added_tokens", "pre_tokenizer", "normalizer", "decoder" -> settings.put(name, tree(parser));
                    default -> parser.skipChildren();
                }
            }
        } catch (JsonProcessingException e) {
            String at = e.getLocation() == null ? "" : " at line " + e.getLocation().getLineNr() + ", column "
                + e.getLocation().getColumnNr();
            String what = e.getOriginalMessage().replaceAll("\\s+", " ");
            throw new InputException(path + ": not valid JSON" + at + " (" + what
                + "); is the file complete? Fetch it again", e);
        } catch (IOException e) {
            throw new InputException(path + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    private void model(JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw refusal("has a model that is not an object; a byte-level BPE tokenizer.json is needed");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            if (name.equals("vocab")) {
                readVocabulary(parser);
            } else if (name.equals("merges") && vocabulary == null) {
                mergesBeforeVocabulary = true;
                parser.skipChildren();
            } else if (name.equals("merges")) {
                readMerges(parser);
            } else {
                modelSettings.put(name, tree(parser));
                Components.checkType(this, modelSettings);
            }
        }
    }

    private void readVocabulary(JsonParser parser) throws IOException {
        if (vocabulary != null && mergesBeforeVocabulary) {
            parser.skipChildren();
            return;
        }
        if (vocabulary != null || parser.currentToken() != JsonToken.START_OBJECT) {
            throw refusal("has a model.vocab that is not one object of tokens to ids; BPE is needed");
        }
        Vocabulary read = new Vocabulary(1 << 16);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            char[] chars = parser.getTextCharacters();
            int from = parser.getTextOffset();
            int length = parser.getTextLength();
            byte[] token = new byte[length];
            boolean inAlphabet = ByteAlphabet.decode(chars, from, length, token, 0) == length;
            String text = inAlphabet ? null : new String(chars, from, length);
            if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT) {
                throw refusal("gives the token " + quoted(text, token) + " an id that is not an integer");
            }
            int id = id(parser.getLongValue(), text, token);
            if (read.isUsed(id)) {
                throw refusal("gives the id " + id + " to both " + quoted(read.text(id), token) + " and "
                    + quoted(text, token));
            }
            boolean isNew = inAlphabet ? read.addBytes(token, id)
                : read.addText(text, text.getBytes(StandardCharsets.UTF_8), id);
            if (!isNew) {
                throw refusal("has the token " + quoted(text, token) + " twice in its vocabulary");
            }
        }
        vocabulary = read;
    }

    private int id(long id, String text, byte[] token) {
        if (id < 0 || id >= Vocabulary.MAX_IDS) {
            throw refusal("gives the token " + quoted(text, token) + " the id " + id + ", which is not in 0.."
                + (Vocabulary.MAX_IDS - 1));
        }
        return (int) id;
    }

    private static String quoted(String text, byte[] token) {
        return '"' + (text != null ? text : ByteAlphabet.text(token)) + '"';
    }

    private void readMerges(JsonParser parser) throws IOException {
        if (merges != null || parser.currentToken() != JsonToken.START_ARRAY) {
            throw refusal("has model.merges that are not one array");
        }
        BytePairMerges read = new BytePairMerges(vocabulary.numTokens());
        int rank = 0;
        for (JsonToken at = parser.nextToken(); at != JsonToken.END_ARRAY; at = parser.nextToken(), rank++) {
            int leftLength;
            int length;
            if (at == JsonToken.VALUE_STRING) {
                char[] chars = parser.getTextCharacters();
                int from = parser.getTextOffset();
                int end = from + parser.getTextLength();
                int space = from;
                while (space < end && chars[space] != ' ') {
                    space++;
                }
                leftLength = part(chars, from, space - from, 0, rank);
                length = leftLength + part(chars, space + 1, end - space - 1, leftLength, rank);
            } else if (at == JsonToken.START_ARRAY) {
                leftLength = nextPart(parser, 0, rank);
                length = leftLength + nextPart(parser, leftLength, rank);
                if (parser.nextToken() != JsonToken.END_ARRAY) {
                    throw badMerge(rank);
                }
            } else {
                throw badMerge(rank);
            }
            read.put(partId(0, leftLength, rank), partId(leftLength, length - leftLength, rank), rank,
                partId(0, length, rank));
        }
        merges = read;
    }

    private int nextPart(JsonParser parser, int at, int rank) throws IOException {
        if (parser.nextToken() != JsonToken.VALUE_STRING) {
            throw badMerge(rank);
        }
        return part(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength(), at, rank);
    }

    /** Writes one side of a merge to {@code word[at..]} and returns its length in bytes. */
    private int part(char[] chars, int from, int length, int at, int rank) {
        if (length <= 0) {
            throw badMerge(rank);
        }
        if (word.length < at + length) {
            word = Arrays.copyOf(word, (at + length) * 2);
        }
        if (ByteAlphabet.decode(chars, from, length, word, at) < 0) {
            throw badMerge(rank);
        }
        return length;
    }

    private int partId(int from, int length, int rank) {
        int id = vocabulary.idOfBytes(word, from, length);
        if (id < 0) {
            byte[] part = Arrays.copyOfRange(word, from, from + length);
            throw refusal("has merges[" + rank + "], which needs the token " + quoted(null, part)
                + " that is not in the vocabulary");
        }
        return id;
    }

    private InputException badMerge(int rank) {
        return refusal("has merges[" + rank + "], which is not two tokens in the byte alphabet "
            + "(\"a b\" or [\"a\", \"b\"])");
    }

    private AddedTokens[] addedTokens(List<AddedTokens.AddedToken> tokens) {
        List<AddedTokens.AddedToken> raw = new ArrayList<>();
        List<AddedTokens.AddedToken> normalized = new ArrayList<>();
        for (AddedTokens.AddedToken token : tokens) {
            String content = token.content();
            int known = vocabulary.idOfText(content);
            if (known >= 0 && known != token.id()) {
                throw refusal("gives the added token \"" + content + "\" the id " + token.id() + ", but it has " + known
                    + " already");
            }
            byte[] utf8 = content.getBytes(StandardCharsets.UTF_8);
            if (known < 0) {
                if (vocabulary.isUsed(token.id())) {
                    throw refusal("gives the id " + token.id() + " to both \"" + vocabulary.text(token.id())
                        + "\" and the added token \"" + content + '"');
                }
                vocabulary.addText(content, utf8, token.id());
            }
            vocabulary.writeAs(token.id(), utf8);
            vocabulary.markAdded(token.id(), token.special());
            (token.normalized() ? normalized : raw).add(token);
        }
        return new AddedTokens[] {new AddedTokens(raw), new AddedTokens(normalized)};
    }

    /** Small parts of the file: objects as maps, arrays as lists, numbers, strings, booleans, null. */
    private static Object tree(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> object = new LinkedHashMap<>();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    object.put(name, tree(parser));
                }
                yield object;
            }
            case START_ARRAY -> {
                List<Object> array = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    array.add(tree(parser));
                }
                yield array;
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            case VALUE_NULL -> null;
            default -> parser.getText();
        };
    }

    InputException refusal(String what) {
        return new InputException(path + ": " + what);
    }
}
