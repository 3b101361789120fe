package io.penstock.bench.report;

import java.util.List;

/** Rows of text under a heading, all of one width. */
record Table(List<String> heading, List<List<String>> rows) {
    Table {
        heading = List.copyOf(heading);
        rows = rows.stream().map(List::copyOf).toList();
        int width = heading.size();
        if (rows.stream().anyMatch(row -> row.size() != width)) {
            throw new IllegalArgumentException("a row is not as wide as " + heading);
        }
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    String html() {
        var html = new StringBuilder("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
        heading.forEach(cell -> html.append("<th scope=\"col\">").append(SvgCanvas.escape(cell)).append("</th>"));
        html.append("</tr></thead>\n<tbody>\n");
        for (List<String> row : rows) {
            html.append("<tr>");
            row.forEach(cell -> html.append(Figures.isNumber(cell) ? "<td class=\"number\">" : "<td>")
                    .append(SvgCanvas.escape(cell)).append("</td>"));
            html.append("</tr>\n");
        }
        return html.append("</tbody></table></div>\n").toString();
    }

    String markdown() {
        var text = new StringBuilder();
        line(text, heading);
        text.append("|---".repeat(heading.size())).append("|\n");
        rows.forEach(row -> line(text, row));
        return text.toString();
    }

    private static void line(StringBuilder text, List<String> cells) {
        cells.forEach(cell -> text.append("| ").append(cell.replace("|", "\\|")).append(' '));
        text.append("|\n");
    }
}
