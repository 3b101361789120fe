/**
 * What a demanded form of output costs the engine's thread: the mask of each sequence in each step, and the walk of its
 * token, on a model's vocabulary and on one of 125,000 tokens that is made from it.
 */
package io.penstock.bench.grammar;
