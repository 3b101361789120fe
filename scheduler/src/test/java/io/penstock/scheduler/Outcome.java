package io.penstock.scheduler;

import io.penstock.runtime.FinishReason;
import io.penstock.scheduler.OutputHandler.LogprobsView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Everything a front was told about one request. */
final class Outcome {
    /** A token and what was said of its probability, comparable bit by bit. */
    record Row(int tokenId, float logprob, int rank, List<Integer> topTokenIds, List<Float> topLogprobs) {
        static Row of(int tokenId) {
            return new Row(tokenId, Float.NaN, 0, List.of(), List.of());
        }

        static Row of(int tokenId, LogprobsView view) {
            List<Integer> ids = new ArrayList<>();
            List<Float> logprobs = new ArrayList<>();
            for (int i = 0; i < view.numTopLogprobs(); i++) {
                ids.add(view.topTokenId(i));
                logprobs.add(view.topLogprob(i));
            }
            return new Row(tokenId, view.logprob(), view.rank(), ids, logprobs);
        }
    }

    /** One token stream. */
    static final class Choice {
        final List<Row> rows = new ArrayList<>();
        OutputHandler.Finish finish;

        boolean isWhole() {
            return finish.reason() == FinishReason.STOP || finish.reason() == FinishReason.LENGTH;
        }
    }

    final List<Row> promptRows = new ArrayList<>();
    final List<Choice> choices = new ArrayList<>();

    Outcome(int numChoices) {
        for (int i = 0; i < numChoices; i++) {
            choices.add(new Choice());
        }
    }

    boolean isFinished() {
        return choices.stream().allMatch(choice -> choice.finish != null);
    }

    /** Takes what comes out of queues, by request. */
    static final class Collector implements OutputHandler {
        final Map<Long, Outcome> outcomes = new HashMap<>();

        private Choice open(long requestId, int choice) {
            Choice taken = outcomes.get(requestId).choices.get(choice);
            if (taken.finish != null) {
                throw new AssertionError("request " + requestId + ", choice " + choice + " goes on after its end");
            }
            return taken;
        }

        @Override
        public void token(long requestId, int choice, int tokenId) {
            open(requestId, choice).rows.add(Row.of(tokenId));
        }

        @Override
        public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {
            open(requestId, choice).rows.add(Row.of(tokenId, logprobs));
        }

        @Override
        public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {
            List<Row> rows = outcomes.get(requestId).promptRows;
            rows.add(Row.of(tokenId, logprobs));
            if (rows.size() != position) {
                throw new AssertionError("request " + requestId + ": prompt position " + position + " comes as number "
                        + rows.size());
            }
        }

        @Override
        public void finished(long requestId, int choice, Finish finish) {
            open(requestId, choice).finish = finish;
        }
    }
}
