package io.penstock.serving.openai.response;

/**
 * What all parts of one answer say of it.
 *
 * @param createdSeconds since 1970, when the request came
 * @param model the name that the client asked for
 */
public record ResponseHeader(String id, long createdSeconds, String model) {}
