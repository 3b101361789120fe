/**
 * Workers elsewhere as a batch engine, by the engine protocol over gRPC: prompts go as tokens, tokens come back and
 * become text here, so that an answer is the same whoever gives it. Lines of a worker that dies go to another one.
 */
package io.penstock.batch.remote;
