/**
 * A load as it runs: when each request is due, how many are open, what the parts of the run are, and what it all came
 * to. Its own threads wait and send; what comes is noted on the client's event loops.
 */
package io.penstock.bench.loadgen.run;
