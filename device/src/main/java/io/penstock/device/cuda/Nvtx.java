package io.penstock.device.cuda;

/** The functions of NVTX that this package calls, one to one; each gives the depth of the range, negative on none. */
interface Nvtx {
    /** @param message address of a text that ends in a zero byte */
    int nvtxRangePushA(long message);

    int nvtxRangePop();
}
