package io.penstock.runtime.config;

/**
 * The dense feed-forward part.
 *
 * @param numDenseLayers layers from the first on that have it; all of them in a dense model
 * @param denseWidth rows of w1 and w3, after adjusting
 */
public record FeedForwardConfig(int numDenseLayers, int denseWidth) {}
