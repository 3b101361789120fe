package io.penstock.bench.predict;

import io.penstock.kernels.TiledBlock;

/** A product on tiles, which may have rows behind it in its launch. */
sealed interface TiledProduct extends KernelModel permits DenseProduct, ExpertProduct {
    /** The variant that a device with so many multiprocessors gets. */
    TiledBlock block(Chip chip);
}
