/**
 * Models from a hub that speaks the Hugging Face protocol, kept in the hub cache that other programs on the machine
 * share. Nothing here knows what is inside a checkpoint beyond which files belong to it, and nothing here prints:
 * {@link io.penstock.runtime.hub.PullProgress} tells the caller what happens. Not hot.
 */
package io.penstock.runtime.hub;
