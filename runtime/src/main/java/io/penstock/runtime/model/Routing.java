package io.penstock.runtime.model;

/** Experts chosen for each token of a step and their weights, in a backend's memory; written by {@link Ops#routeTopK}. */
public interface Routing {
    int expertsPerToken();
}
