package io.penstock.runtime.cuda;

import io.penstock.kernels.AddRmsNormRouteTopKKernel.RoutingAddresses;
import io.penstock.runtime.model.Routing;

/**
 * A step's routing in device memory; {@link RoutingAddresses} says what lies where. Owns no memory.
 *
 * @param addresses of a range that is zero before the first step
 */
record DeviceRouting(RoutingAddresses addresses, int expertsPerToken) implements Routing {}
