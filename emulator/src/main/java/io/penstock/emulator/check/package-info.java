/**
 * What a checked launch found and counted: plain values for people and programs. Nothing here runs or knows a kernel.
 */
package io.penstock.emulator.check;
