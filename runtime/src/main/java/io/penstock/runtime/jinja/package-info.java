/**
 * Jinja as the chat templates of checkpoints use it, with Python's strings, numbers and truth, and with the origin of
 * every character: {@link io.penstock.runtime.jinja.JinjaTemplate} is the entry. Reads no files, no network, no
 * clock and no Java objects; what a template may do is listed here, all else is an error. Not hot: once a request.
 */
package io.penstock.runtime.jinja;
