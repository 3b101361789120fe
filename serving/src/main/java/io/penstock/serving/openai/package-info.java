/**
 * The requests of OpenAI's HTTP interface, read from JSON and checked field by field, and their way to
 * {@link io.penstock.runtime.SamplingParams}. No sockets, no tokens but by functions that are given. Runs once a
 * request on the thread of the front; not hot.
 */
package io.penstock.serving.openai;
