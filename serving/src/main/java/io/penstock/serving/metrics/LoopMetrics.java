package io.penstock.serving.metrics;

import io.penstock.runtime.FinishReason;
import io.penstock.scheduler.Histogram;
import io.penstock.serving.stream.StreamFailure;
import io.penstock.serving.stream.StreamObserver;
import io.penstock.serving.stream.StreamReport;

/** What one event loop counts; written by its thread alone. */
final class LoopMetrics implements StreamObserver {
    static final String[] REASONS = {"stop", "length", "abort", "error"};
    private static final int STOP = 0;
    private static final int LENGTH = 1;
    private static final int ABORT = 2;
    private static final int ERROR = 3;
    private static final double NS = 1e-9;

    final Histogram timeToFirstToken = new Histogram(Buckets.FIRST_TOKEN_SECONDS);
    final Histogram interTokenLatency = new Histogram(Buckets.TOKEN_SECONDS);
    final Histogram endToEnd = new Histogram(Buckets.REQUEST_SECONDS);
    final Histogram queueTime = new Histogram(Buckets.REQUEST_SECONDS);
    final Histogram prefillTime = new Histogram(Buckets.REQUEST_SECONDS);
    final Histogram decodeTime = new Histogram(Buckets.REQUEST_SECONDS);
    final Histogram promptTokens = new Histogram(Buckets.REQUEST_TOKENS);
    final Histogram generationTokens = new Histogram(Buckets.REQUEST_TOKENS);
    final long[] numEnded = new long[REASONS.length];

    @Override
    public void tokens(int numTokens, long gapNs) {
        interTokenLatency.record(gapNs * NS / numTokens, numTokens);
    }

    @Override
    public void ended(StreamReport report) {
        StreamReport.Times times = report.times();
        if (times.submittedNs() == 0 || isRefused(report)) {
            return;
        }
        for (FinishReason reason : report.reasons()) {
            numEnded[index(reason, report.failure())]++;
        }
        endToEnd.record((times.endedNs() - times.arrivedNs()) * NS);
        promptTokens.record(report.tokens().prompt());
        generationTokens.record(report.tokens().output());
        if (times.admittedNs() != 0) {
            queueTime.record(Math.max(0, times.admittedNs() - times.submittedNs()) * NS);
        }
        if (times.firstTokenNs() != 0) {
            timeToFirstToken.record((times.firstTokenNs() - times.arrivedNs()) * NS);
            decodeTime.record((times.lastTokenNs() - times.firstTokenNs()) * NS);
            if (times.admittedNs() != 0) {
                prefillTime.record(Math.max(0, times.firstTokenNs() - times.admittedNs()) * NS);
            }
        }
    }

    private static boolean isRefused(StreamReport report) {
        return report.failure() != null && switch (report.failure().kind()) {
            case INVALID, QUEUE_FULL, DRAINING -> true;
            case UNAVAILABLE, DEADLINE, TOO_SLOW, INTERNAL -> false;
        };
    }

    private static int index(FinishReason reason, StreamFailure failure) {
        return switch (reason) {
            case STOP -> STOP;
            case LENGTH -> LENGTH;
            case ABORT, DEADLINE -> failure != null && failure.kind() == StreamFailure.Kind.UNAVAILABLE ? ERROR : ABORT;
            case ERROR -> ERROR;
            case null -> failure == null || failure.kind() == StreamFailure.Kind.TOO_SLOW
                    || failure.kind() == StreamFailure.Kind.DEADLINE ? ABORT : ERROR;
        };
    }
}
