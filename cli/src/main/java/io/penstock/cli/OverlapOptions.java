package io.penstock.cli;

import io.penstock.runtime.cuda.HalfBatches;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Whether large decode steps are run as two halves beside each other, and from where on. */
final class OverlapOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--overlap",
            description = "Runs decode steps of very many sequences as two halves beside each other on the GPU, the"
                    + " attention of one beside products of the other, from where that is predicted to pay, which the"
                    + " log says: thousands of an 8B-A1B, hundreds of a dense model. The answers are the same."
                    + " Default: off.")
    private boolean overlaps;

    @Option(
            names = "--overlap-rows",
            paramLabel = "N",
            description = "With --overlap: from how many rows on that a half has for an expert, or for any weight of a"
                    + " dense model. Default: " + HalfBatches.USUAL_ROWS + ".")
    private Integer leastRows;

    boolean areGiven() {
        return overlaps || leastRows != null;
    }

    /** Refuses what cannot be used. */
    void validate() {
        if (leastRows != null && leastRows < 1) {
            throw wrong("--overlap-rows must be at least 1, not " + leastRows);
        }
        if (leastRows != null && !overlaps) {
            throw wrong("--overlap-rows needs --overlap");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** As {@link HalfBatches#of} takes it; 0 for no halves. */
    int halvedRows() {
        return !overlaps ? 0 : leastRows != null ? leastRows : HalfBatches.USUAL_ROWS;
    }
}
