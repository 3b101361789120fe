package io.penstock.runtime.model;

/** Experts and their weights for each token of a step, in a backend's memory; {@link Ops#routeTopK} writes it. */
public interface Routing {
    int expertsPerToken();
}
