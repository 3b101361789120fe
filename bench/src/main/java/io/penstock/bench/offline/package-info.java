/**
 * The engine inside this process, without a network: how many tokens a second it makes of a workload, and how long one
 * batch takes. Not hot.
 */
package io.penstock.bench.offline;
