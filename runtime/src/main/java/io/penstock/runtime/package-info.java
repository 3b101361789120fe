/**
 * What a scheduler sees of a model: {@link io.penstock.runtime.ModelRunner} takes a
 * {@link io.penstock.runtime.ForwardBatch} a step and gives a {@link io.penstock.runtime.StepResult}. Nothing here
 * knows files, devices or text. Hot: the batch and the result are filled in place, no allocation a step.
 */
package io.penstock.runtime;
