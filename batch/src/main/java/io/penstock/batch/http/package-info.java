/**
 * OpenAI's files and batches over HTTP: uploads that never lie in memory, and batches that the job of
 * {@link io.penstock.batch.job} runs on the server's own engine, behind all other requests. Every state is on the disk
 * before a client hears of it, and a server that starts again goes on with what it finds.
 */
package io.penstock.batch.http;
