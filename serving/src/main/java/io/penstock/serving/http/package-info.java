/**
 * HTTP/1.1 on Netty, as much of it as an API needs: whole requests in, one at a time and in order on each connection,
 * whole answers or events out. Knows neither models nor OpenAI. All of it runs on event loops: nothing here may block.
 */
package io.penstock.serving.http;
