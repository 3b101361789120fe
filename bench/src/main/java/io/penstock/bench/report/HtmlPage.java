package io.penstock.bench.report;

import io.penstock.bench.results.BenchResult;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The report as one HTML document: each plot in two widths, of which the style sheet shows the one that fits. */
final class HtmlPage {
    private static final double WIDE = 860;
    private static final double NARROW = 348;

    private HtmlPage() {}

    static String of(Results results, List<Section> sections) {
        var html = new StringBuilder();
        html.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + "<meta name=\"color-scheme\" content=\"light dark\">\n"
                + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src"
                + " 'unsafe-inline'\">\n<title>Penstock: measurements</title>\n<style>\n").append(style())
                .append("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the measurements</a>\n"
                        + "<header>\n<h1>Penstock: measurements</h1>\n<p>").append(SvgCanvas.escape(summary(results)))
                .append("</p>\n");
        if (!results.problems().isEmpty()) {
            html.append("<div class=\"missing\" role=\"alert\"><strong>Not read</strong><ul>\n");
            results.problems().forEach(line -> html.append("<li>").append(SvgCanvas.escape(line)).append("</li>\n"));
            html.append("</ul></div>\n");
        }
        html.append("<nav aria-label=\"Sections\"><ul>\n");
        sections.forEach(section -> html.append("<li><a href=\"#").append(section.id()).append("\">")
                .append(SvgCanvas.escape(section.title())).append("</a></li>\n"));
        html.append("</ul></nav>\n</header>\n<main id=\"main\">\n");
        sections.forEach(section -> append(html, section));
        return html.append("</main>\n</body>\n</html>\n").toString();
    }

    private static void append(StringBuilder html, Section section) {
        html.append("<section id=\"").append(section.id()).append("\" aria-labelledby=\"").append(section.id())
                .append("-title\">\n<h2 id=\"").append(section.id()).append("-title\">")
                .append(SvgCanvas.escape(section.title())).append("</h2>\n<p>").append(prose(section.intro()))
                .append("</p>\n");
        if (!section.missing().isEmpty()) {
            html.append("<ul class=\"missing\">\n");
            section.missing().forEach(line -> html.append("<li>").append(prose(line)).append("</li>\n"));
            html.append("</ul>\n");
        }
        for (Plot plot : section.plots()) {
            html.append("<figure>\n<figcaption>").append(SvgCanvas.escape(plot.title())).append("</figcaption>\n")
                    .append(SvgCanvas.of(plot, WIDE, "wide")).append(SvgCanvas.of(plot, NARROW, "narrow"))
                    .append("<details><summary>The numbers of this plot</summary>\n").append(plot.data().html())
                    .append("</details>\n</figure>\n");
        }
        if (section.table() != null && !section.table().isEmpty()) {
            html.append(section.table().html());
        }
        html.append("</section>\n");
    }

    /** Escaped, with what stands between backquotes as code. */
    private static String prose(String text) {
        return SvgCanvas.escape(text).replaceAll("`([^`]*)`", "<code>$1</code>");
    }

    /** How much was measured, when, and on what. */
    static String summary(Results results) {
        if (results.isEmpty()) {
            return "No result could be read.";
        }
        Instant first = results.all().getFirst().context().date();
        Instant last = results.all().getLast().context().date();
        TreeSet<String> devices = results.all().stream().map(BenchResult::context)
                .map(context -> context.device()).collect(Collectors.toCollection(TreeSet::new));
        long numCommits = results.all().stream().map(result -> result.context().commit()).distinct().count();
        return results.all().size() + " results of " + numCommits + " commits from " + first.toString().substring(0, 10)
                + " to " + last.toString().substring(0, 10) + ", on " + String.join("; ", devices) + ".";
    }

    private static String style() {
        try (InputStream in = HtmlPage.class.getResourceAsStream("report.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
