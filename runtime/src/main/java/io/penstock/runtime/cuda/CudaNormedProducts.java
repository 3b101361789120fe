package io.penstock.runtime.cuda;

import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormRouteTopKKernel;
import io.penstock.kernels.LinearKernel;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.model.Routing;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Weight;

/** Those of {@link CudaOps} that are a product and what becomes of its rows, in one launch. */
final class CudaNormedProducts {
    private final Stream stream;
    private final LinearKernel linear;
    private final float eps;
    private final long progress;
    private final LinearKernel.NormedProduct[] products;
    private int numProducts;

    /**
     * With kernels that have rows behind a product.
     *
     * @param progress address of {@link LinearKernel#progressBytes}, for these operations alone
     * @param maxProducts of a model
     */
    CudaNormedProducts(Stream stream, LinearKernel linear, float eps, long progress, int maxProducts) {
        this.stream = stream;
        this.linear = linear;
        this.eps = eps;
        this.progress = progress;
        products = new LinearKernel.NormedProduct[maxProducts];
    }

    void addRmsNorm(Tensor residual, Tensor out, Tensor update, Tensor x, Weight weight, Weight norm) {
        LinearKernel.NormedProduct product = known(weight, norm, null, null);
        launch(residual, out, update, x, product == null ? keep(weight, norm, null) : product);
    }

    void addRmsNormRouteTopK(Routing routing, Tensor residual, Tensor out, Tensor update, Tensor x, Weight weight,
            Weight norm, SparseMoe moe, CudaExperts experts) {
        AddRmsNormRouteTopKKernel.RoutingAddresses addresses = ((DeviceRouting) routing).addresses();
        LinearKernel.NormedProduct product = known(weight, norm, moe, addresses);
        launch(residual, out, update, x,
                product == null ? keep(weight, norm, experts.routed(norm, moe, addresses)) : product);
    }

    private void launch(Tensor residual, Tensor out, Tensor update, Tensor x, LinearKernel.NormedProduct product) {
        linear.launchAddRmsNorm(stream, CudaOps.address(update), CudaOps.address(x), CudaOps.address(residual),
                CudaOps.address(out), product, x.rows());
    }

    /** What a kernel needs of a layer, or null if the layer is seen for the first time. */
    private LinearKernel.NormedProduct known(
            Weight weight, Weight norm, SparseMoe moe, AddRmsNormRouteTopKKernel.RoutingAddresses routing) {
        for (int i = 0; i < numProducts; i++) {
            LinearKernel.NormedProduct product = products[i];
            if (product.weight() == CudaOps.address(weight) && product.norm() == CudaOps.address(norm)
                    && isSame(product.routed(), moe, routing)) {
                return product;
            }
        }
        return null;
    }

    private static boolean isSame(LinearKernel.RoutedRows routed, SparseMoe moe,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing) {
        if (routed == null || moe == null) {
            return routed == null && moe == null;
        }
        return routed.layer().gate() == CudaOps.address(moe.gate()) && routed.routing().equals(routing);
    }

    private LinearKernel.NormedProduct keep(Weight weight, Weight norm, LinearKernel.RoutedRows routed) {
        var made = new LinearKernel.NormedProduct(CudaOps.address(weight), weight.rows(), weight.columns(),
                CudaOps.address(norm), eps, progress, routed);
        if (numProducts < products.length) {
            products[numProducts++] = made;
        }
        return made;
    }
}
