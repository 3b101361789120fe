package io.penstock.cli;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.Tree.Kind;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Budgets and names of one Java file, read from the compiler's own syntax tree. Javadoc is asked of main code only. */
final class JavaRules extends TreePathScanner<Void, Void> {
    static final int MAX_METHOD_LINES = 70;
    static final int MAX_PARAMETERS = 7;
    static final int MAX_PACKAGE_SENTENCES = 4;

    private static final Pattern VAGUE = Pattern.compile(".*(Impl|Manager|Helper|Helpers|Util|Utils)");
    private static final Pattern GETTER = Pattern.compile("get[A-Z].*");
    private static final Pattern SENTENCE_END = Pattern.compile("[.!?](\\s|$)");

    /** What one file gives: its violations, and how many public types it adds to its package. */
    record Findings(List<String> violations, int numPublicTypes) {}

    private final String file;
    private final boolean main;
    private final CompilationUnitTree unit;
    private final DocTrees trees;
    private final SourcePositions positions;
    private final List<String> violations = new ArrayList<>();
    private int numPublicTypes;

    private JavaRules(String file, CompilationUnitTree unit, DocTrees trees) {
        this.file = file;
        this.main = file.contains("src/main/");
        this.unit = unit;
        this.trees = trees;
        this.positions = trees.getSourcePositions();
    }

    static Findings findings(String file, String text) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileObject source = new SimpleJavaFileObject(URI.create("string:///" + file), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        };
        JavacTask task = (JavacTask) compiler.getTask(null, null, null, List.of("-proc:none"), null, List.of(source));
        try {
            CompilationUnitTree unit = task.parse().iterator().next();
            JavaRules rules = new JavaRules(file, unit, DocTrees.instance(task));
            if (file.endsWith("/package-info.java")) {
                rules.packageInfo(text);
            }
            rules.scan(unit, null);
            return new Findings(rules.violations, rules.numPublicTypes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void packageInfo(String text) {
        int start = text.indexOf("/**");
        int end = text.indexOf("*/");
        String prose = start < 0 ? "" : text.substring(start + 3, end).replaceAll("\\{@\\w+ [^}]*}", "it");
        long numSentences = SENTENCE_END.matcher(prose.replaceAll("(?m)^\\s*\\*", "").strip()).results().count();
        if (numSentences < 1 || numSentences > MAX_PACKAGE_SENTENCES) {
            violations.add(file + ": " + numSentences + " sentences; say in 1 to " + MAX_PACKAGE_SENTENCES
                    + " what lives in the package, what may not, and whether it is hot");
        }
    }

    @Override
    public Void visitClass(ClassTree type, Void unused) {
        String name = type.getSimpleName().toString();
        boolean isPublic = type.getModifiers().getFlags().contains(Modifier.PUBLIC);
        boolean topLevel = getCurrentPath().getParentPath().getLeaf() == unit;
        if (VAGUE.matcher(name).matches()) {
            add(type, name + " does not say what it is; name it after what it does, or what is special about it");
        }
        if (main && isPublic && trees.getDocComment(getCurrentPath()) == null) {
            add(type, name + " is public and has no Javadoc; say in a sentence what it is and who owns it");
        }
        if (topLevel && isPublic) {
            numPublicTypes++;
        }
        if (type.getKind() == Kind.RECORD) {
            long numComponents = type.getMembers().stream().filter(JavaRules::isComponent).count();
            numParameters(type, "record " + name, numComponents);
        }
        return super.visitClass(type, unused);
    }

    private static boolean isComponent(Tree member) {
        return member instanceof VariableTree field && !field.getModifiers().getFlags().contains(Modifier.STATIC);
    }

    @Override
    public Void visitMethod(MethodTree method, Void unused) {
        String name = method.getName().toString();
        boolean isConstructor = method.getReturnType() == null;
        if (isConstructor) {
            numParameters(method, "constructor", method.getParameters().size());
        }
        long start = positions.getStartPosition(unit, method);
        long end = positions.getEndPosition(unit, method);
        if (start >= 0 && end >= 0) {
            long numLines = unit.getLineMap().getLineNumber(end) - unit.getLineMap().getLineNumber(start) + 1;
            if (numLines > MAX_METHOD_LINES) {
                add(method, name + " has " + numLines + " lines, more than " + MAX_METHOD_LINES
                        + "; name its parts and make them methods");
            }
        }
        boolean overrides = method.getModifiers().getAnnotations().stream()
                .anyMatch(annotation -> annotation.getAnnotationType().toString().endsWith("Override"));
        if (main && !overrides && GETTER.matcher(name).matches()) {
            add(method, name + ": the prefix says nothing; name it after what it gives, or load, read, find, compute");
        }
        return super.visitMethod(method, unused);
    }

    private void numParameters(Tree where, String what, long numParameters) {
        if (numParameters > MAX_PARAMETERS) {
            add(where, what + " has " + numParameters + " parameters, more than " + MAX_PARAMETERS
                    + "; make a record of those that belong together");
        }
    }

    private void add(Tree where, String message) {
        long line = unit.getLineMap().getLineNumber(positions.getStartPosition(unit, where));
        violations.add(file + ":" + line + ": " + message);
    }
}
