/**
 * The production scheduler under a virtual clock: traffic from a seed, a runner that computes nothing and answers for
 * what it is asked, and a cost for each step. Says what a device could reach before there is one, and checks in each
 * step what the scheduler must keep. A fleet is many of them behind one router. Not hot; no model, no threads, no real
 * time.
 */
package io.penstock.bench.simulate;
