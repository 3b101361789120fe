/** What several tests of the runtime share: reading the golden data. Nothing here is a test itself. */
package io.penstock.runtime.testing;
