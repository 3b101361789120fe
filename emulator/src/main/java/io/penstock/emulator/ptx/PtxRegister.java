package io.penstock.emulator.ptx;

/**
 * A declared register.
 *
 * @param index among the registers of its function
 * @param name as written
 */
public record PtxRegister(int index, String name, PtxType type) {}
