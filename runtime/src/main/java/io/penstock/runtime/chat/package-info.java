/**
 * Conversations to prompts: {@link io.penstock.runtime.chat.ChatTemplate} writes the text that a checkpoint was trained
 * on, {@link io.penstock.runtime.chat.PromptEncoder} turns it into token ids without letting text inside a message pass
 * for control tokens. Knows no wire formats beyond the message array. Not hot: once a request.
 */
package io.penstock.runtime.chat;
