/**
 * What a load is made of: requests, the client that sends them, and what is noted of each. How they come about is in
 * {@code workload}, how they are sent in {@code client}, when in {@code run}. Hot where tokens arrive.
 */
package io.penstock.bench.loadgen;
