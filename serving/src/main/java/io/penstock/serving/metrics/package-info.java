/**
 * What a server counts, in the names that dashboards and gateways know, and the log of its requests. The engine's
 * thread and the event loops write plain numbers; everything else happens when somebody asks. Warm: observers run on
 * the event loops.
 */
package io.penstock.serving.metrics;
