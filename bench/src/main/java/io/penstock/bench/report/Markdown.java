package io.penstock.bench.report;

import java.util.List;

/** The report as a text: each plot's data as a table. */
final class Markdown {
    private Markdown() {}

    static String of(Results results, List<Section> sections) {
        var text = new StringBuilder("# Penstock: measurements\n\n");
        text.append(HtmlPage.summary(results)).append("\n\n");
        results.problems().forEach(problem -> text.append("* Not read: ").append(problem).append('\n'));
        if (!results.problems().isEmpty()) {
            text.append('\n');
        }
        for (Section section : sections) {
            text.append("## ").append(section.title()).append("\n\n").append(section.intro()).append("\n\n");
            section.missing().forEach(line -> text.append("* ").append(line).append('\n'));
            text.append(section.missing().isEmpty() ? "" : "\n");
            for (Plot plot : section.plots()) {
                text.append("### ").append(plot.title()).append("\n\n").append(plot.data().markdown()).append('\n');
            }
            if (section.table() != null && !section.table().isEmpty()) {
                text.append(section.table().markdown()).append('\n');
            }
        }
        return text.toString();
    }
}
