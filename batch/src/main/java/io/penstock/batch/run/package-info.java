/**
 * The way of records through an engine: read ahead within a bounded window, brought into an order that suits the
 * engine's prefix cache, tried again where the engine failed. Keeps nothing on disk and knows no file.
 */
package io.penstock.batch.run;
