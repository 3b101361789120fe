/**
 * PTX executed: decoded once into operations on 32 lanes, warps in a seeded order, and the checks of each access. Hot:
 * operations allocate nothing unless something is wrong.
 */
package io.penstock.emulator.exec;
