/**
 * The committed results as a page, a text and images: reads result files, chooses what belongs on which plot, draws.
 * Measures nothing, and says what is missing instead of leaving it out. Not hot.
 */
package io.penstock.bench.report;
