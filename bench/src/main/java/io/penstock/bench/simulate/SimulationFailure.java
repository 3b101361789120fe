package io.penstock.bench.simulate;

/** Something did not hold in a run: a defect of the scheduler, or of the simulation. Says how to see it again. */
public final class SimulationFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    SimulationFailure(SimulationConfig config, long step, Throwable cause) {
        super("scenario " + config.scenario().label() + ", seed " + config.seed() + ", step " + step + ": "
                + (cause.getMessage() == null ? cause.toString() : cause.getMessage()), cause);
    }
}
