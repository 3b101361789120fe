package io.penstock.runtime.model;

/**
 * Activations [rows, columns] in a backend's memory. Allocated once for the most rows a step can have; the number of
 * rows in use is set for each step.
 */
public interface Tensor {
    /** Rows in use this step. */
    int rows();

    int columns();

    /** Sets the rows in use; at most the rows it was allocated with. */
    void useRows(int rows);
}
