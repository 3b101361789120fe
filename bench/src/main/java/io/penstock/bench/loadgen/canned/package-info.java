/**
 * A server that only replays: events rendered beforehand, at given times, with stalls and faults on demand. What load
 * generators are measured with; it says when it really wrote. Hot.
 */
package io.penstock.bench.loadgen.canned;
