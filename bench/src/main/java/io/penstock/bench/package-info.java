/** Measurements: ratios against what the machine can do, and their committed results. Not hot itself. */
package io.penstock.bench;
