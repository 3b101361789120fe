/**
 * How fast weights get from a disk to a device, against the slower of disk and bus in the same run. Not hot.
 */
package io.penstock.bench.load;
