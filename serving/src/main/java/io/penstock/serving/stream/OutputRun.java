package io.penstock.serving.stream;

import io.penstock.serving.generation.Logprobs;

/**
 * What has come of one choice since its last run: a delta.
 *
 * @param tokenIds may be empty where only text was held back
 * @param text the characters that are certain now; empty where the sink wants none
 * @param logprobs of the tokens, or null where they were not asked for
 */
public record OutputRun(int choice, int[] tokenIds, String text, Logprobs logprobs) {}
