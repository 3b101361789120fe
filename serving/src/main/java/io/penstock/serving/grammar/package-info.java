/**
 * Outputs of a demanded form: JSON by schema, a regular expression, one of several texts, tool calls. A form becomes an
 * automaton over bytes, and the automaton, walked along a trie of the vocabulary, the token masks that a scheduler asks
 * for through {@link io.penstock.runtime.TokenGrammar}. Lives with the fronts, whose wire formats it reads: schedulers
 * and runners see the port alone. Compiling runs on a front's thread; states and masks are cached, and hot.
 */
package io.penstock.serving.grammar;
