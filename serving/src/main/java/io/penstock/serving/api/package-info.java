/**
 * OpenAI's endpoints, and those that operators ask: JSON into requests for the engine, its output into answers and
 * events. Runs on the connections' event loops; nothing here may block.
 */
package io.penstock.serving.api;
