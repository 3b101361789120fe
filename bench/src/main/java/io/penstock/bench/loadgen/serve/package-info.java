/**
 * A running server measured from start to end: asked who it is, warmed up, loaded, and what came of it put together in
 * the words of {@code vllm bench serve}. Not hot.
 */
package io.penstock.bench.loadgen.serve;
