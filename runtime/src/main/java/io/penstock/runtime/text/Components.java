package io.penstock.runtime.text;

import io.penstock.runtime.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The parts of a {@code tokenizer.json} beside vocabulary and merges: what is supported is read, what would change ids
 * or text and is not supported is refused by name. The post-processor is not looked at: all that the known kinds do to
 * ids is to add special tokens.
 */
final class Components {
    /** What {@code ByteLevel} splits by when it is told to split ({@code use_regex}). */
    private static final String BYTE_LEVEL_REGEX =
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    private final TokenizerFile file;
    private final Map<String, Object> settings;
    private final Map<String, Object> model;

    Components(TokenizerFile file, Map<String, Object> settings, Map<String, Object> model) {
        this.file = file;
        this.settings = settings;
        this.model = model;
    }

    static void checkType(TokenizerFile file, Map<String, Object> model) {
        Object type = model.get("type");
        if (type != null && !type.equals("BPE")) {
            throw file.refusal("has a model of type \"" + type + "\"; only BPE is supported");
        }
    }

    void checkModel() {
        checkType(file, model);
        Object dropout = model.get("dropout");
        if (dropout instanceof Number n && n.doubleValue() != 0) {
            throw file.refusal("has model.dropout " + dropout + "; encoding at random is not supported, set it "
                + "to null");
        }
        for (String affix : new String[] {"continuing_subword_prefix", "end_of_word_suffix"}) {
            Object value = model.get(affix);
            if (value != null && !value.equals("")) {
                throw file.refusal("has model." + affix + " \"" + value + "\", which byte-level BPE does not use");
            }
        }
        Object normalizer = settings.get("normalizer");
        if (normalizer != null && !isEmptySequence(normalizer, "normalizers")) {
            throw unsupported("normalizer", normalizer, "only tokenizers without a normalizer are supported");
        }
        List<Object> decoders = flatten("decoder", "decoders");
        for (Object decoder : decoders) {
            if (!type(decoder).equals("ByteLevel")) {
                throw unsupported("decoder", decoder, "only ByteLevel is supported");
            }
        }
    }

    boolean ignoreMerges() {
        return Boolean.TRUE.equals(model.get("ignore_merges"));
    }

    WordSplitter splitter() {
        List<Object> parts = flatten("pre_tokenizer", "pretokenizers");
        List<WordSplitter.Split> splits = new ArrayList<>();
        boolean byteLevel = false;
        for (Object part : parts) {
            if (byteLevel) {
                throw unsupported("pre_tokenizer", part, "nothing may follow ByteLevel");
            }
            switch (type(part)) {
                case "Split" -> splits.add(split(part));
                case "ByteLevel" -> {
                    byteLevel = true;
                    if (flag(part, "add_prefix_space", false)) {
                        throw unsupported("pre_tokenizer", part, "add_prefix_space must be false");
                    }
                    if (flag(part, "use_regex", true)) {
                        splits.add(new WordSplitter.Split(WordSplitter.compile(BYTE_LEVEL_REGEX), true));
                    }
                }
                default -> throw unsupported("pre_tokenizer", part, "only Split and ByteLevel are supported");
            }
        }
        if (!byteLevel) {
            throw file.refusal("has no ByteLevel pre_tokenizer; only byte-level BPE is supported");
        }
        return new WordSplitter(splits);
    }

    private WordSplitter.Split split(Object part) {
        Object behavior = field(part, "behavior");
        boolean invert = flag(part, "invert", false);
        boolean isolated = "Isolated".equals(behavior);
        if (!isolated && !("Removed".equals(behavior) && invert)) {
            throw unsupported("pre_tokenizer", part, "behavior " + behavior + (invert ? " inverted" : "")
                + " is not supported, only Isolated is");
        }
        Object pattern = field(part, "pattern");
        if (field(pattern, "String") instanceof String literal) {
            return new WordSplitter.Split(Pattern.compile(literal, Pattern.LITERAL), isolated);
        }
        if (!(field(pattern, "Regex") instanceof String regex)) {
            throw unsupported("pre_tokenizer", part, "it has no pattern");
        }
        try {
            return new WordSplitter.Split(WordSplitter.compile(regex), isolated);
        } catch (IllegalArgumentException e) {
            throw file.refusal("has a pre_tokenizer whose regular expression cannot be used: " + e.getMessage());
        }
    }

    List<AddedTokens.AddedToken> addedTokens() {
        List<AddedTokens.AddedToken> tokens = new ArrayList<>();
        if (!(settings.get("added_tokens") instanceof List<?> entries)) {
            return tokens;
        }
        for (Object entry : entries) {
            if (!(field(entry, "content") instanceof String content) || content.isEmpty()
                || !(field(entry, "id") instanceof Integer id) || id < 0 || id >= Vocabulary.MAX_IDS) {
                throw file.refusal("has added_tokens[" + tokens.size() + "] without a content or without an id in 0.."
                    + (Vocabulary.MAX_IDS - 1));
            }
            AddedTokens.Flags flags = new AddedTokens.Flags(flag(entry, "single_word", false),
                flag(entry, "lstrip", false), flag(entry, "rstrip", false));
            tokens.add(new AddedTokens.AddedToken(id, content, flag(entry, "special", false),
                flag(entry, "normalized", false), flags));
        }
        return tokens;
    }

    private List<Object> flatten(String name, String members) {
        List<Object> flat = new ArrayList<>();
        flatten(settings.get(name), members, flat);
        return flat;
    }

    private void flatten(Object part, String members, List<Object> flat) {
        if (part != null && type(part).equals("Sequence") && field(part, members) instanceof List<?> parts) {
            parts.forEach(member -> flatten(member, members, flat));
        } else if (part != null) {
            flat.add(part);
        }
    }

    private static boolean isEmptySequence(Object part, String members) {
        return type(part).equals("Sequence") && field(part, members) instanceof List<?> parts && parts.isEmpty();
    }

    private static Object field(Object part, String name) {
        return part instanceof Map<?, ?> map ? map.get(name) : null;
    }

    private static String type(Object part) {
        return field(part, "type") instanceof String type ? type : "(none)";
    }

    private boolean flag(Object part, String name, boolean otherwise) {
        Object value = field(part, name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw file.refusal("has a " + name + " that is neither true nor false");
    }

    private InputException unsupported(String kind, Object part, String why) {
        return file.refusal("has a " + kind + " of type " + type(part) + " that cannot be used: " + why);
    }
}
