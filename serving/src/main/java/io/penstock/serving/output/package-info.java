/**
 * What a model wrote, taken apart: content, reasoning and tool calls, from the whole text or from a stream of pieces.
 * Nothing here knows a protocol or tokens. Hot in the sense of an IO thread: linear in the text, bounded memory.
 */
package io.penstock.serving.output;
