/**
 * The answers of OpenAI's HTTP interface as records that write themselves: field names and their order are OpenAI's,
 * the extra ones are those that other servers of open models send. Written once a chunk on an IO thread, so without
 * reflection.
 */
package io.penstock.serving.openai.response;
