/**
 * Where the requests of a load come from: random token ids of exact lengths, files of prompts, conversations and
 * traces. The same options and seed give the same requests. Not hot.
 */
package io.penstock.bench.loadgen.workload;
