/**
 * The load generator measured with a server that only replays: how many tokens a second it can follow, whether its
 * latencies are those that were injected, and whether arrivals go on while a server stalls.
 */
package io.penstock.bench.loadgen.check;
