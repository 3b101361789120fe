package io.penstock.runtime.model;

/** Experts and weights of each token of a step, in a backend's memory; {@link Ops#addRmsNormRouteTopK} writes it. */
public interface Routing {
    int expertsPerToken();
}
