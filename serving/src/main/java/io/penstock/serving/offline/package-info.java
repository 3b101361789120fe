/**
 * Generation inside one process, without a protocol: requests in, results out in the order in which they are done, all
 * through one continuous batch. Tokenizes and detokenizes on the callers' side of the engine; knows no files and prints
 * nothing. Warm: runs once a token, and the engine never waits for it.
 */
package io.penstock.serving.offline;
