package io.penstock.runtime.model;

/**
 * One decoder layer: {@code h += operator(rms(h, operatorNorm)); h += feedForward(rms(h, ffnNorm))}.
 *
 * @param operatorNorm [hidden]
 * @param ffnNorm [hidden]
 */
public record Layer(Weight operatorNorm, LayerOperator operator, Weight ffnNorm, FeedForward feedForward) {}
