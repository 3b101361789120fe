/**
 * Generation for one caller at a time: a prompt and its choices as one small batch, from prefill to the last token.
 * Knows tokens only, no text. The steps are hot, starting a request is not.
 */
package io.penstock.runtime.generate;
