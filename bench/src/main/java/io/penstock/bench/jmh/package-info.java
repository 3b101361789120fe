/**
 * What the host does for each token, event, request and step, one operation at a time under JMH. Each class is one
 * path; its methods are what a server calls, with inputs as they come in service.
 */
package io.penstock.bench.jmh;
