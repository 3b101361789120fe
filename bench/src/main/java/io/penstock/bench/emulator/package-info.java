/** How fast the emulator executes PTX, with all its checks, on one core. */
package io.penstock.bench.emulator;
