/** The command line: composes the other modules, talks to a person, and turns failures into one line and an exit code. */
package io.penstock.cli;
