package io.penstock.serving.grammar;

import static io.penstock.serving.grammar.Expression.choice;
import static io.penstock.serving.grammar.Expression.optional;
import static io.penstock.serving.grammar.Expression.sequence;
import static io.penstock.serving.grammar.Expression.text;

import io.penstock.runtime.InputException;
import io.penstock.runtime.TokenGrammar;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/** Compiles forms of output for one vocabulary, and keeps those that were used last. Any thread may use it. */
public final class Grammars {
    /** Forms that are kept. */
    static final int MAX_KEPT = 32;

    private final TokenTrie trie;
    private final Predicate<String> isName;
    private final Map<Key, CompiledGrammar> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, CompiledGrammar> eldest) {
            return size() > MAX_KEPT;
        }
    };

    private record Key(OutputForm form, Reasoning reasoning) {}

    /** @param isName what the readers of tool calls take for a name */
    public Grammars(TokenTrie trie, Predicate<String> isName) {
        this.trie = trie;
        this.isName = isName;
    }

    /**
     * A form as a grammar over the vocabulary's tokens.
     *
     * @throws InputException for a form that cannot be demanded: says what of it, and what to do
     */
    public TokenGrammar compile(OutputForm form, Reasoning reasoning) {
        var key = new Key(form, reasoning);
        synchronized (kept) {
            CompiledGrammar known = kept.get(key);
            if (known != null) {
                return known;
            }
        }
        CompiledGrammar made;
        try {
            made = new CompiledGrammar(expression(form), reasoning, trie);
        } catch (StackOverflowError e) {
            throw new InputException("the form demanded of the output is nested too deep: flatten it", e);
        }
        synchronized (kept) {
            CompiledGrammar known = kept.putIfAbsent(key, made);
            return known == null ? made : known;
        }
    }

    private Expression expression(OutputForm form) {
        return switch (form) {
            case OutputForm.JsonObject _ -> document(new JsonText(false).object);
            case OutputForm.JsonSchema schema -> document(
                    new SchemaCompiler(schema.schema(), new JsonText(false)).value(schema.schema(), "", 0));
            case OutputForm.Pattern pattern -> pattern(pattern.regex());
            case OutputForm.OneOf oneOf -> oneOf(oneOf);
            case OutputForm.ToolCalls calls -> new ToolCallForms(isName, trie).block(calls);
        };
    }

    /** JSON may stand behind the line breaks that end a model's thinking. */
    private static Expression document(Expression value) {
        return sequence(optional(choice(text("\n"), text("\n\n"), text(" "))), value);
    }

    private static Expression pattern(String text) {
        Regex regex = RegexParser.parse(text).whole();
        if (regex == null) {
            throw new InputException("the regular expression has an anchor (^ or $) inside: the whole output must"
                    + " match, so leave it out");
        }
        return regex.expression(CodePoints::utf8);
    }

    private static Expression oneOf(OutputForm.OneOf form) {
        if (form.texts().isEmpty() || form.texts().size() > SchemaCompiler.MAX_VALUES) {
            throw new InputException("choice must have 1 to " + SchemaCompiler.MAX_VALUES + " texts, not "
                    + form.texts().size());
        }
        if (form.texts().contains("")) {
            throw new InputException("choice must not hold an empty text");
        }
        return Texts.oneOf(form.texts());
    }
}
