/**
 * The thread that owns a scheduler and a runner, and the proxy through which all other threads reach it. Commands go
 * in by a queue, tokens come out by {@link io.penstock.scheduler.OutputQueue}. Hot: a duty cycle allocates nothing
 * unless a command arrives.
 */
package io.penstock.scheduler.engine;
