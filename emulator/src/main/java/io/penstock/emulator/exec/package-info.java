/**
 * PTX executed: decoded once into operations on 32 lanes, warps in a seeded order, and the checks of each access. Hot:
 * operations on registers and memory allocate nothing unless something is wrong; copies and matrix instructions that
 * are under way while threads go on are objects.
 */
package io.penstock.emulator.exec;
