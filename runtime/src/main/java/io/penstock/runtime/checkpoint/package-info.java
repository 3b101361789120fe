/**
 * Weights on disk: safetensors files mapped into memory, the checkpoint directories made of them, and random weights
 * of the same shapes without a file. Readers ask {@link io.penstock.runtime.checkpoint.ModelTensors} for a role and
 * never see how a checkpoint names, fuses or shards its tensors. Used at load, not in a step; bulk reads are fast.
 */
package io.penstock.runtime.checkpoint;
