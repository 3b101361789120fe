/**
 * The command line: composes the other modules, talks to a person, and turns failures into one line and an exit code.
 * What could be of use without a person belongs in another module. Not hot.
 */
package io.penstock.cli;
