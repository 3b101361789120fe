package io.penstock.runtime.jinja;

import java.util.List;

/** What a template does, in order; {@code line} is for messages. */
sealed interface Statement {
    record Data(String text) implements Statement {
    }

    record Output(Expression value, int line) implements Statement {
    }

    record If(Expression test, List<Statement> then, List<Statement> otherwise, int line) implements Statement {
    }

    record For(Targets targets, Expression items, Expression filter, Bodies bodies, boolean recursive, int line)
        implements Statement {
    }

    record Bodies(List<Statement> body, List<Statement> otherwise) {
    }

    record Assign(Targets targets, Expression value, int line) implements Statement {
    }

    /** {@code {% set x %}...{% endset %}} and {@code {% filter f %}}: a body whose text goes through filters. */
    record Capture(Target target, Expression value, List<Statement> body, int line) implements Statement {
        /** The name under which {@code value} finds the text of the body. */
        static final String BODY = " body";
    }

    record DefineMacro(Macro macro) implements Statement {
    }

    record CallBlock(Expression call, Macro caller, int line) implements Statement {
    }

    record With(List<Assign> assignments, List<Statement> body) implements Statement {
    }

    /** {@code {% generation %}}: marks what the model writes; the text is that of the body. */
    record Block(List<Statement> body) implements Statement {
    }

    record LoopControl(boolean isBreak) implements Statement {
    }

    /** A name, or an attribute of a namespace if {@code attribute} is not null. */
    record Target(String name, String attribute) {
    }

    /** One target, or several that a sequence is taken apart into. */
    record Targets(List<Target> targets, boolean unpacks) {
    }

    record Macro(String name, List<Parameter> parameters, List<Statement> body) {
    }

    /** {@code fallback} may be null: then an argument that is not given is undefined. */
    record Parameter(String name, Expression fallback) {
    }
}
