/**
 * What a model is, before any weight is read: {@code config.json} and {@code generation_config.json} of the LFM2
 * family, validated and normalised, and the published shapes by name. Knows nothing of tensors. Not hot.
 */
package io.penstock.runtime.config;
