/**
 * What a step costs on the host: the production engine with a runner that does nothing, or one that takes as long as
 * a device at its floors. The benchmark's loop is hot and allocates nothing; the rest is not.
 */
package io.penstock.bench.engine;
