package io.penstock.scheduler.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A duty cycle in a flight recording. One object for all of them; without a recording it costs nothing. */
@Name("io.penstock.Step")
@Label("Engine Step")
@Category("Penstock")
@Description("A duty cycle of the engine that launched a step or took one's tokens")
@StackTrace(false)
final class StepEvent extends Event {
    @Label("Tokens Launched")
    int numTokens;

    @Label("Rows Taken")
    int numRows;

    @Label("Running Sequences")
    int numRunning;

    @Label("Waiting Sequences")
    int numWaiting;

    @Label("Awaiting")
    @Timespan(Timespan.NANOSECONDS)
    long awaitNs;
}
