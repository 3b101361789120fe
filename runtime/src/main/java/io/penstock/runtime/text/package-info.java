/**
 * Text to token ids and back: {@link io.penstock.runtime.text.Tokenizer} reads a checkpoint's {@code tokenizer.json},
 * {@link io.penstock.runtime.text.Detokenizer} turns a stream of ids into characters and
 * {@link io.penstock.runtime.text.StopStrings} watches them. Nothing here knows chats, models or requests. Hot on the
 * threads that stream answers: appending a token allocates nothing.
 */
package io.penstock.runtime.text;
