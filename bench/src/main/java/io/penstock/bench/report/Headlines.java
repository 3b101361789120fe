package io.penstock.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.bench.results.BenchResult;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The few figures that a README shows. {@code headlines.json} says which: a suite, a case, what the configuration must
 * be, a metric with a factor, the words before and after it, and what else is said of it. The last result that fits is
 * shown.
 */
final class Headlines {
    private Headlines() {}

    static Table of(Results results) {
        List<List<String>> rows = new ArrayList<>();
        try (InputStream in = Headlines.class.getResourceAsStream("headlines.json")) {
            for (JsonNode headline : new JsonMapper().readTree(in)) {
                List<BenchResult> fitting = results.all().stream().filter(result -> fits(result, headline)).toList();
                if (!fitting.isEmpty()) {
                    rows.add(row(fitting.getLast(), headline));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Table(List.of("", "", "machine", "command"), rows);
    }

    private static boolean fits(BenchResult result, JsonNode headline) {
        if (!result.suite().equals(headline.get("suite").asText())
                || !result.caseName().equals(headline.get("case").asText())
                || headline.has("model") && !headline.get("model").asText().equals(result.model())
                || headline.has("device") && !headline.get("device").asText().equals(result.context().device())) {
            return false;
        }
        for (var setting : headline.path("config").properties()) {
            if (!setting.getValue().asText().equals(String.valueOf(result.config().get(setting.getKey())))) {
                return false;
            }
        }
        return result.metrics().containsKey(headline.get("metric").asText());
    }

    private static List<String> row(BenchResult result, JsonNode headline) {
        var value = new StringBuilder(figure(result, headline));
        for (JsonNode also : headline.path("also")) {
            if (result.metrics().containsKey(also.get("metric").asText())) {
                value.append(", ").append(figure(result, also));
            }
        }
        return List.of(headline.get("text").asText(), value.toString(), result.context().device(),
                "`" + result.context().command() + "`");
    }

    private static String figure(BenchResult result, JsonNode of) {
        double value = result.metrics().get(of.get("metric").asText()) * of.path("factor").asDouble(1);
        return Figures.show(value) + " " + of.get("unit").asText();
    }
}
