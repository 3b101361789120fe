package io.penstock.serving.server;

import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.ResolvedLimits;
import io.penstock.serving.model.ServingConfig;

/**
 * The model as clients see it.
 *
 * @param name what clients call it
 * @param version of the server
 */
public record ServedModel(
        String name, String version, ModelSource source, ServingConfig config, ResolvedLimits resolved) {}
