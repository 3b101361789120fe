/**
 * Inputs of lines: JSON Lines in a file, compressed or not, or from a pipe. A line that is too long or no text is a
 * broken record; the lines behind it are not touched by it. Knows nothing of what the lines say.
 */
package io.penstock.batch.source;
