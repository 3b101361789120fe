/**
 * From a record to requests, and from their results to the line that is written: OpenAI's batch lines, plain objects,
 * and templates over their fields. All that is written depends on the record and the job's options alone, never on
 * when, where or beside what it was answered. Knows no engine, no file and no thread.
 */
package io.penstock.batch.line;
