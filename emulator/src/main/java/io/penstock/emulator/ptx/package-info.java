/**
 * PTX as text and as a tree: what was written, with names resolved and lines kept. What an instruction does is not
 * known here. Not hot: a module is read once.
 */
package io.penstock.emulator.ptx;
