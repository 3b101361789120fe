/**
 * The committed results: one JSON object a line, append-only, with what is needed to run the case again. Nothing here
 * measures. Not hot.
 */
package io.penstock.bench.results;
