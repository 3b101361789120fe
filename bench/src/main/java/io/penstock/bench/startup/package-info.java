/** How long a new process takes until it prints the first byte. Not hot. */
package io.penstock.bench.startup;
