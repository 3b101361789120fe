package io.penstock.runtime.jinja;

import io.penstock.runtime.jinja.Lexer.Kind;
import io.penstock.runtime.jinja.Lexer.Token;
import io.penstock.runtime.jinja.Statement.Assign;
import io.penstock.runtime.jinja.Statement.Macro;
import io.penstock.runtime.jinja.Statement.Parameter;
import io.penstock.runtime.jinja.Statement.Target;
import io.penstock.runtime.jinja.Statement.Targets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads the statements of a template. Tags that reach for other files are refused like unknown ones. */
final class TemplateParser extends ExpressionParser {
    private int loopDepth;

    TemplateParser(String template) {
        super(new Lexer(template).tokens());
    }

    List<Statement> template() {
        List<Statement> body = body(Set.of());
        if (current().kind() != Kind.END) {
            throw unexpected("the end of the template");
        }
        return body;
    }

    /** Statements up to a tag with one of these names, which is the current token then; or to the end if none. */
    private List<Statement> body(Set<String> ends) {
        List<Statement> body = new ArrayList<>();
        int line = current().line();
        while (true) {
            Token token = next();
            switch (token.kind()) {
                case DATA -> body.add(new Statement.Data(token.text()));
                case VARIABLE_BEGIN -> {
                    body.add(new Statement.Output(tuple(true), token.line()));
                    expect(Kind.VARIABLE_END);
                }
                case BLOCK_BEGIN -> {
                    if (current().kind() == Kind.NAME && ends.contains(current().text())) {
                        return body;
                    }
                    body.add(statement());
                }
                default -> {
                    if (ends.isEmpty()) {
                        return body;
                    }
                    throw JinjaException.at(line, "a tag here has no end; expected one of "
                        + ends.stream().sorted().toList());
                }
            }
        }
    }

    private List<Statement> bodyTo(String end) {
        expect(Kind.BLOCK_END);
        List<Statement> body = body(Set.of(end));
        end(end);
        return body;
    }

    private void end(String name) {
        expect(name);
        if (name.equals("endmacro") && current().kind() == Kind.NAME) {
            next();
        }
        expect(Kind.BLOCK_END);
    }

    private Statement statement() {
        int line = current().line();
        String tag = name();
        return switch (tag) {
            case "if" -> ifStatement(line);
            case "for" -> forStatement(line);
            case "set" -> setStatement(line);
            case "macro" -> new Statement.DefineMacro(macro(name(), "endmacro"));
            case "call" -> callBlock(line);
            case "filter" -> {
                Expression value = filter(new Expression.Name(Statement.Capture.BODY));
                while (take("|")) {
                    value = filter(value);
                }
                yield new Statement.Capture(null, value, bodyTo("endfilter"), line);
            }
            case "with" -> with();
            case "generation" -> new Statement.Block(bodyTo("endgeneration"));
            case "break", "continue" -> {
                if (loopDepth == 0) {
                    throw JinjaException.at(line, "'" + tag + "' outside of a loop");
                }
                expect(Kind.BLOCK_END);
                yield new Statement.LoopControl(tag.equals("break"));
            }
            default -> throw JinjaException.at(line, "the tag '" + tag + "' is not supported");
        };
    }

    private Statement ifStatement(int line) {
        Expression test = tuple(true);
        expect(Kind.BLOCK_END);
        List<Statement> then = body(Set.of("elif", "else", "endif"));
        int branchLine = current().line();
        if (take("elif")) {
            return new Statement.If(test, then, List.of(ifStatement(branchLine)), line);
        }
        if (take("else")) {
            return new Statement.If(test, then, bodyTo("endif"), line);
        }
        end("endif");
        return new Statement.If(test, then, List.of(), line);
    }

    private Statement forStatement(int line) {
        Targets targets = targets();
        expect("in");
        Expression items = tuple(false);
        Expression filter = take("if") ? expression() : null;
        boolean recursive = take("recursive");
        expect(Kind.BLOCK_END);
        loopDepth++;
        List<Statement> body = body(Set.of("else", "endfor"));
        loopDepth--;
        List<Statement> otherwise = List.of();
        if (take("else")) {
            otherwise = bodyTo("endfor");
        } else {
            end("endfor");
        }
        return new Statement.For(targets, items, filter, new Statement.Bodies(body, otherwise), recursive, line);
    }

    private Targets targets() {
        boolean parenthesized = take("(");
        List<Target> targets = new ArrayList<>();
        boolean unpacks = false;
        do {
            if (!targets.isEmpty() && (current().is("in") || current().is("=") || current().is(")"))) {
                break;
            }
            String name = name();
            targets.add(new Target(name, take(".") ? name() : null));
            unpacks |= current().is(",");
        } while (take(","));
        if (parenthesized) {
            expect(")");
        }
        return new Targets(targets, unpacks);
    }

    private Statement setStatement(int line) {
        Targets targets = targets();
        if (take("=")) {
            Expression value = tuple(true);
            expect(Kind.BLOCK_END);
            return new Assign(targets, value, line);
        }
        if (targets.unpacks()) {
            throw unexpected("'='");
        }
        Expression value = new Expression.Name(Statement.Capture.BODY);
        while (take("|")) {
            value = filter(value);
        }
        return new Statement.Capture(targets.targets().getFirst(), value, bodyTo("endset"), line);
    }

    private Macro macro(String name, String end) {
        List<Parameter> parameters = current().is("(") ? parameters() : List.of();
        int depth = loopDepth;
        loopDepth = 0;
        List<Statement> body = bodyTo(end);
        loopDepth = depth;
        return new Macro(name, parameters, body);
    }

    private List<Parameter> parameters() {
        expect("(");
        List<Parameter> parameters = new ArrayList<>();
        while (!take(")")) {
            String name = name();
            parameters.add(new Parameter(name, take("=") ? expression() : null));
            if (!current().is(")")) {
                expect(",");
            }
        }
        return parameters;
    }

    private Statement callBlock(int line) {
        List<Parameter> parameters = current().is("(") ? parameters() : List.of();
        Expression call = expression();
        if (!(call instanceof Expression.Call)) {
            throw JinjaException.at(line, "'call' needs a call");
        }
        List<Statement> body = bodyTo("endcall");
        return new Statement.CallBlock(call, new Macro("caller", parameters, body), line);
    }

    private Statement with() {
        List<Assign> assignments = new ArrayList<>();
        while (current().kind() != Kind.BLOCK_END) {
            int line = current().line();
            Target target = new Target(name(), null);
            expect("=");
            assignments.add(new Assign(new Targets(List.of(target), false), expression(), line));
            if (current().kind() != Kind.BLOCK_END) {
                expect(",");
            }
        }
        return new Statement.With(assignments, bodyTo("endwith"));
    }
}
