/** A model in this process as a batch engine: on the CPU, a GPU or the emulator. */
package io.penstock.batch.local;
