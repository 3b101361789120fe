package io.penstock.runtime.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** The vector length of this run: the machine's preferred one, at most the 16 floats that a panel half has. */
final class VectorShapes {
    private static final boolean IS_WIDER = FloatVector.SPECIES_PREFERRED.length() > PackedMatrix.HALF;

    static final VectorSpecies<Float> FLOATS =
            IS_WIDER ? FloatVector.SPECIES_512 : FloatVector.SPECIES_PREFERRED;

    static final VectorSpecies<Integer> INTS = IS_WIDER ? IntVector.SPECIES_512 : IntVector.SPECIES_PREFERRED;

    private VectorShapes() {}
}
