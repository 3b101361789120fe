package io.penstock.runtime.model;

/** A weight in a backend's own layout; made by its {@link WeightFactory}, read by its operations. */
public interface Weight {
    /** Output features of a matrix [rows, columns]; 1 for a vector. */
    int rows();

    /** Input features of a matrix; the length of a vector. */
    int columns();

    /** Memory it takes. */
    long sizeBytes();
}
