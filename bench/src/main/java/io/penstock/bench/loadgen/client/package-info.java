/**
 * Clients for load: OpenAI's events over HTTP and the engine protocol over gRPC, each on a few event loops. What comes
 * is read where it arrives, without making objects for each token. Hot.
 */
package io.penstock.bench.loadgen.client;
