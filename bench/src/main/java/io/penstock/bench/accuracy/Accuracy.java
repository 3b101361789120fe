package io.penstock.bench.accuracy;

import io.penstock.runtime.Penalties;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.offline.GenerationResults;
import io.penstock.serving.offline.Penstock;
import io.penstock.serving.openai.SamplingRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;

/**
 * What an evaluation came to.
 *
 * @param scores by category
 * @param wrong the questions whose answers are wrong, with what was answered
 */
public record Accuracy(Map<String, Score> scores, List<Wrong> wrong) {
    /** Name of the results file. */
    public static final String SUITE = "accuracy";

    /** Right answers of one category. */
    public record Score(int numRight, int numAsked) {
        /** Between 0 and 1. */
        public double share() {
            return (double) numRight / numAsked;
        }

        private Score plus(boolean isRight) {
            return new Score(numRight + (isRight ? 1 : 0), numAsked + 1);
        }
    }

    /** @param answer its text, or why there is none */
    public record Wrong(EvaluationCase asked, String answer) {}

    public Accuracy {
        scores = new TreeMap<>(scores);
        wrong = List.copyOf(wrong);
    }

    /**
     * Asks everything greedily, in one continuous batch; a question that cannot be asked counts as wrong.
     *
     * @param maxTokens of an answer
     * @param onDone told the number of answers so far
     */
    public static Accuracy of(Penstock penstock, List<EvaluationCase> cases, int maxTokens, IntConsumer onDone) {
        SamplingRequest greedy = penstock.sampling().withTemperature(0).withPenalties(Penalties.NONE)
                .withMaxTokens(maxTokens);
        Map<String, Score> scores = new TreeMap<>();
        List<Wrong> wrong = new ArrayList<>();
        int numDone = 0;
        try (GenerationResults results =
                penstock.generate(cases.stream().map(each -> each.request(greedy)).iterator())) {
            while (results.hasNext()) {
                GenerationResult result = results.next();
                EvaluationCase asked = cases.get((int) result.index());
                String answer = result.isFailed() ? result.error().getMessage() : result.choice().text();
                boolean isRight = !result.isFailed() && asked.isRight(answer);
                scores.merge(asked.category(), new Score(0, 0).plus(isRight), (a, b) -> a.plus(isRight));
                if (!isRight) {
                    wrong.add(new Wrong(asked, answer));
                }
                onDone.accept(++numDone);
            }
        }
        return new Accuracy(scores, wrong);
    }

    /** All categories together. */
    public Score total() {
        return new Score(scores.values().stream().mapToInt(Score::numRight).sum(),
                scores.values().stream().mapToInt(Score::numAsked).sum());
    }
}
