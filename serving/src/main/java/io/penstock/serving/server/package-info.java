/**
 * What a server is apart from its protocols: the model under the name that clients use, its health from the first step
 * to the last, the order in which it ends, and the profiles that an operator asks for. Not hot.
 */
package io.penstock.serving.server;
