package io.penstock.emulator.check;

/**
 * Where in a launch something happened.
 *
 * @param kernel the entry's name
 * @param line in the PTX text, from 1; 0 if none is to blame
 * @param cudaLine in the CUDA text, from 1; 0 if the PTX does not say
 * @param cta index of the thread block: x + gridX * (y + gridY * z)
 * @param warp index within the block
 * @param lane within the warp
 */
public record Place(String kernel, int line, int cudaLine, long cta, int warp, int lane) {
    /** Index of the thread within its block. */
    public int thread() {
        return warp * 32 + lane;
    }
}
