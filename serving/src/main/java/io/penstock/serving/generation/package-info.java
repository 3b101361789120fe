/**
 * What all fronts share between a request and the engine: the request itself, what the engine needs of it, and how
 * the tokens that come back become text and log probabilities. Knows no transport and no thread. Warm: runs once a
 * token, on the fronts' side of the engine.
 */
package io.penstock.serving.generation;
