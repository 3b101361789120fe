/**
 * What makes a job's results last: an append-only file of lines, a journal that says which of them are whole, and a
 * manifest that says what job they are of. Written in groups, in an order that leaves no moment in which a crash, a
 * full disk or a torn write loses a result that was acknowledged or keeps half of one. All files are reached through
 * {@link io.penstock.batch.journal.Disk}, which tests break.
 */
package io.penstock.batch.journal;
