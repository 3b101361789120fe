/**
 * The serving core that all protocols share: one engine, and on each event loop the requests whose connections live
 * there. The engine pushes tokens into one ring an event loop; everything else, from text to back-pressure, happens on
 * the loop. Knows no protocol; warm, and nothing here may block.
 */
package io.penstock.serving.stream;
