package io.penstock.serving.grammar;

import static io.penstock.serving.grammar.Expression.EMPTY;
import static io.penstock.serving.grammar.Expression.NEVER;
import static io.penstock.serving.grammar.Expression.choice;
import static io.penstock.serving.grammar.Expression.of;
import static io.penstock.serving.grammar.Expression.optional;
import static io.penstock.serving.grammar.Expression.sequence;
import static io.penstock.serving.grammar.Expression.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Blocks of tool calls as the model writes them and readers of its output take them apart: {@code [f(a="x", b=1)]}
 * between its markers, with values as in JSON; or, where a name or a set of arguments has no place in that, as a list
 * of {@code {"name": "f", "arguments": {...}}}.
 */
final class ToolCallForms {
    /** Calls of one block. */
    static final int MAX_CALLS = 16;

    static final String START = "<|tool_call_start|>";
    static final String END = "<|tool_call_end|>";

    private final JsonText json = new JsonText(true);
    private final Predicate<String> isName;
    private final TokenTrie trie;

    /** @param isName what readers take for the name of a function or a parameter */
    ToolCallForms(Predicate<String> isName, TokenTrie trie) {
        this.isName = isName;
        this.trie = trie;
    }

    Expression block(OutputForm.ToolCalls demanded) {
        boolean areCalls = demanded.tools().stream().allMatch(this::isCallable);
        List<Expression> ways = new ArrayList<>();
        for (OutputForm.Tool tool : demanded.tools()) {
            if (!isName.test(tool.name())) {
                throw new InputException("tool \"" + tool.name()
                        + "\" cannot be demanded: its name must be of letters, digits, _ . and -");
            }
            try {
                ways.add(areCalls ? call(tool) : object(tool));
            } catch (InputException e) {
                throw new InputException("tool " + tool.name() + ": " + e.getMessage(), e);
            }
        }
        Expression any = choice(ways);
        int most = demanded.isParallel() ? MAX_CALLS : 1;
        return sequence(marker(START), of('['), json.list(any, 1, most), of(']'), marker(END));
    }

    private Expression marker(String text) {
        int tokenId = trie.control(text);
        return tokenId < 0 ? text(text) : new Expression.Control(tokenId);
    }

    private static JsonNode parameters(OutputForm.Tool tool) {
        return tool.parameters() == null ? JsonNodeFactory.instance.objectNode() : tool.parameters();
    }

    private boolean isCallable(OutputForm.Tool tool) {
        var compiler = new SchemaCompiler(parameters(tool), json);
        return compiler.isPlainObject(compiler.flat(parameters(tool)), isName);
    }

    private Expression call(OutputForm.Tool tool) {
        var compiler = new SchemaCompiler(parameters(tool), json);
        ObjectNode schema = compiler.flat(parameters(tool));
        Schemas.requireKnown(schema, "");
        Expression some = compiler.members(schema, "", 0, (name, value) -> sequence(text(name + "="), value), json);
        boolean isDemanded = !schema.path("required").isEmpty();
        Expression arguments = isDemanded ? some : some == NEVER ? EMPTY : optional(some);
        return arguments == NEVER ? NEVER : sequence(text(tool.name() + "("), arguments, of(')'));
    }

    private Expression object(OutputForm.Tool tool) {
        JsonNode parameters = parameters(tool);
        JsonNode schema = parameters.has("type") || !parameters.isObject() ? parameters
                : ((ObjectNode) parameters).deepCopy().put("type", "object");
        Expression arguments = new SchemaCompiler(schema, json).value(schema, "", 0);
        Expression members = sequence(json.member(JsonText.literal("name"), JsonText.literal(tool.name())),
                json.separated(json.member(JsonText.literal("arguments"), arguments)));
        return arguments == NEVER ? NEVER : json.bracketed('{', '}', members, false);
    }
}
