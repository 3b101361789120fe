/**
 * What serving costs apart from the model: streams over loopback, with a runner that computes nothing. Client and
 * server share the machine, so the numbers are what both can do together.
 */
package io.penstock.bench.streams;
