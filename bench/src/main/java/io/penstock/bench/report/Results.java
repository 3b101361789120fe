package io.penstock.bench.report;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * All results of a directory, in the order of their dates.
 *
 * @param problems a line for each one that could not be read
 */
record Results(List<BenchResult> all, List<String> problems) {
    private static final Set<String> OF_THE_CLIENT = Set.of("load-generator", "client-agreement");

    Results {
        all = all.stream().sorted(Comparator.comparing(result -> result.context().date())).toList();
        problems = List.copyOf(problems);
    }

    /** Reads each {@code *.jsonl}; a directory without any is an {@link InputException}. */
    static Results read(Path directory) {
        List<Path> files;
        try (Stream<Path> listed = Files.list(directory)) {
            files = listed.filter(file -> file.getFileName().toString().endsWith(".jsonl")).sorted().toList();
        } catch (IOException e) {
            throw new InputException("cannot read results in " + directory + ": give the directory with *.jsonl files",
                    e);
        }
        if (files.isEmpty()) {
            throw new InputException("no *.jsonl files in " + directory + ": run a bench command with --save-result "
                    + directory);
        }
        List<BenchResult> results = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Path file : files) {
            String name = file.getFileName().toString();
            String suite = name.substring(0, name.length() - ".jsonl".length());
            try {
                results.addAll(ResultLog.at(file, suite).readWhatIsRight(problems::add));
            } catch (IllegalArgumentException e) {
                problems.add(file + ": " + e.getMessage() + "; rename the file");
            }
        }
        return new Results(results, problems);
    }

    Results of(String suite) {
        return where(result -> result.suite().equals(suite));
    }

    Results where(Predicate<BenchResult> condition) {
        return new Results(all.stream().filter(condition).toList(), problems);
    }

    /** Those of engines: without those that measure the load generator itself, on a server that only replays or not. */
    Results ofEngines() {
        return where(result -> !OF_THE_CLIENT.contains(result.suite()));
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** The last result of each case: the same suite, case, model, device and configuration. */
    List<BenchResult> latest() {
        Map<List<Object>, BenchResult> latest = new LinkedHashMap<>();
        for (BenchResult result : all) {
            latest.put(identity(result), result);
        }
        return List.copyOf(latest.values());
    }

    /** What makes two results measurements of the same thing. */
    private static List<Object> identity(BenchResult result) {
        return List.of(result.suite(), result.caseName(), String.valueOf(result.model()), result.context().device(),
                result.config());
    }

    /** Everything that was measured more or less often, by suite. */
    Map<String, List<BenchResult>> bySuite() {
        Map<String, List<BenchResult>> suites = new LinkedHashMap<>();
        all.stream().sorted(Comparator.comparing(BenchResult::suite)).forEach(
                result -> suites.computeIfAbsent(result.suite(), name -> new ArrayList<>()).add(result));
        return suites;
    }

    /** The first of {@code names} that the metrics have; null if none. */
    static Double metric(BenchResult result, String... names) {
        for (String name : names) {
            Double value = result.metrics().get(name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    /** The first of {@code names} that the configuration has, as a number; null if none. */
    static Double setting(BenchResult result, String... names) {
        for (String name : names) {
            if (result.config().get(name) instanceof Number number) {
                return number.doubleValue();
            }
        }
        return null;
    }

    /** Numbers that are there. */
    static double[] values(Collection<Double> numbers) {
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
