/** Answers beside speed: an evaluation set run greedily in one batch, and how many answers are right. Not hot. */
package io.penstock.bench.accuracy;
