/**
 * A device without a GPU: it implements the ports of {@code io.penstock.device} by executing the PTX itself, and checks
 * every access. Work of a stream is done when it is queued.
 */
package io.penstock.emulator;
