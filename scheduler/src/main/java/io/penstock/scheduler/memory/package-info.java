/**
 * The pools that sequences live in, as plain indices: KV blocks with reference counts, conv slots, snapshots, swap
 * space, and the prefix cache over blocks and snapshots. Knows blocks and tokens, no requests. Hot: nothing is
 * allocated after construction.
 */
package io.penstock.scheduler.memory;
