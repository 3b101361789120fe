package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormRouteTopKKernel;
import io.penstock.kernels.CombineAddRmsNormKernel;
import io.penstock.kernels.ExpertsAddRmsNormKernel;
import io.penstock.kernels.GroupedLinearKernel;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.MoeConfig;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.model.Routing;
import io.penstock.runtime.model.Tensor;
import io.penstock.runtime.model.Weight;

/** Those of {@link CudaOps} that mixture-of-experts layers have. */
final class CudaExperts implements AutoCloseable {
    private final Stream stream;
    private final long numRealTokens;
    private final MoeConfig config;
    private final AddRmsNormRouteTopKKernel.Rule rule;
    private final float eps;
    private final WeightFormat format;
    private final AddRmsNormRouteTopKKernel route;
    private final GroupedLinearKernel groupedLinear;
    private final CombineAddRmsNormKernel combine;
    private final ExpertsAddRmsNormKernel expertsAddRmsNorm;
    private final ExpertsAddRmsNormKernel.Operands[] operands;
    private int numOperands;
    private final GroupedLinearKernel.CombinedProduct[] products;
    private int numProducts;
    private final AddRmsNormRouteTopKKernel.LayerAddresses[] layers;
    private int numLayers;

    /**
     * Loads the kernels of a model that has experts.
     *
     * @param numRealTokens address of the number of the step's tokens that are no padding
     */
    CudaExperts(Device device, Stream stream, ModelConfig config, long numRealTokens) {
        this.stream = stream;
        this.numRealTokens = numRealTokens;
        MoeConfig moe = config.moe();
        this.config = moe;
        int hidden = config.hiddenSize();
        eps = config.dimensions().normEps();
        format = WeightFormat.of(device.properties());
        rule = new AddRmsNormRouteTopKKernel.Rule(
                moe.numExperts(), moe.expertsPerToken(), moe.normTopkProb(), (float) moe.routedScalingFactor());
        route = new AddRmsNormRouteTopKKernel(device, hidden, eps, rule, format);
        groupedLinear = GroupedLinearKernel.of(device, format, moe.numExperts(), moe.expertsPerToken());
        combine = new CombineAddRmsNormKernel(device, hidden, moe.expertsPerToken(), eps);
        expertsAddRmsNorm = format == WeightFormat.TILES
                ? new ExpertsAddRmsNormKernel(device, rule, hidden, eps) : null;
        operands = new ExpertsAddRmsNormKernel.Operands[config.numLayers()];
        products = new GroupedLinearKernel.CombinedProduct[config.numLayers()];
        layers = new AddRmsNormRouteTopKKernel.LayerAddresses[config.numLayers()];
    }

    private static AddRmsNormRouteTopKKernel.RoutingAddresses addresses(Routing routing) {
        return ((DeviceRouting) routing).addresses();
    }

    void addRmsNormRouteTopK(
            Routing routing, Tensor residual, Tensor out, Tensor update, Weight weight, SparseMoe moe) {
        route.launch(stream, CudaOps.address(residual), CudaOps.address(out), CudaOps.address(update),
                layer(weight, moe), addresses(routing), numRealTokens, residual.rows());
    }

    /** The same as what is behind a product. */
    LinearKernel.RoutedRows routed(
            Weight norm, SparseMoe moe, AddRmsNormRouteTopKKernel.RoutingAddresses routing) {
        return new LinearKernel.RoutedRows(rule, layer(norm, moe), routing, numRealTokens);
    }

    /** What the router needs of a layer; made when the layer is first seen. */
    private AddRmsNormRouteTopKKernel.LayerAddresses layer(Weight norm, SparseMoe moe) {
        long gate = CudaOps.address(moe.gate());
        for (int i = 0; i < numLayers; i++) {
            if (layers[i].gate() == gate && layers[i].norm() == CudaOps.address(norm)) {
                return layers[i];
            }
        }
        var layer = new AddRmsNormRouteTopKKernel.LayerAddresses(CudaOps.address(norm), gate,
                moe.expertBias() == null ? 0 : CudaOps.address(moe.expertBias()));
        if (numLayers < layers.length) {
            layers[numLayers++] = layer;
        }
        return layer;
    }

    /** Groups expert ids that were written to the routing by somebody else, such as a {@code Trace}. */
    void regroup(Routing routing, int numTokens) {
        route.launchRegroup(stream, addresses(routing), numRealTokens, numTokens);
    }

    void groupedLinearSiluAndMul(Tensor out, Tensor x, Weight gateUp, Routing routing) {
        groupedLinear.launchSiluAndMul(stream, CudaOps.address(out), CudaOps.address(x), CudaOps.address(gateUp),
                addresses(routing), x.rows(), out.columns(), x.columns());
    }

    void groupedLinear(Tensor out, Tensor x, Weight down, Routing routing) {
        groupedLinear.launch(stream, CudaOps.address(out), CudaOps.address(x), CudaOps.address(down),
                addresses(routing), x.rows() / routing.expertsPerToken(), out.columns(), x.columns());
    }

    void combineAddRmsNorm(Tensor residual, Tensor out, Tensor expertOut, Weight weight) {
        combine.launch(stream, CudaOps.address(residual), CudaOps.address(out), CudaOps.address(expertOut),
                CudaOps.address(weight), numRealTokens, residual.rows());
    }

    boolean hasGroupedLinearAddRmsNorm() {
        return GroupedLinearKernel.hasRowsBehind(format);
    }

    void groupedLinearAddRmsNorm(
            Tensor residual, Tensor out, Tensor outer, Tensor inner, Routing routing, Weight down, Weight norm) {
        groupedLinear.launchAddRmsNorm(stream, CudaOps.address(outer), CudaOps.address(inner),
                CudaOps.address(residual), CudaOps.address(out), product(outer, inner, down, norm),
                addresses(routing), residual.rows());
    }

    /** What the second product needs of a layer; made when the layer is first seen. */
    private GroupedLinearKernel.CombinedProduct product(Tensor outer, Tensor inner, Weight down, Weight norm) {
        for (int i = 0; i < numProducts; i++) {
            if (products[i].down() == CudaOps.address(down) && products[i].norm() == CudaOps.address(norm)) {
                return products[i];
            }
        }
        var made = new GroupedLinearKernel.CombinedProduct(CudaOps.address(down), outer.columns(), inner.columns(),
                CudaOps.address(norm), eps, numRealTokens);
        if (numProducts < products.length) {
            products[numProducts++] = made;
        }
        return made;
    }

    /** On tiles. */
    boolean hasExpertsAddRmsNorm(int numTokens) {
        return ExpertsAddRmsNormKernel.isFor(numTokens * config.expertsPerToken(), config.numExperts());
    }

    void expertsAddRmsNorm(
            Tensor residual, Tensor x, Tensor inner, Tensor outer, Routing routing, SparseMoe moe, Weight norm) {
        expertsAddRmsNorm.launch(stream, CudaOps.address(residual), CudaOps.address(x),
                operands(inner, outer, moe, norm), addresses(routing), numRealTokens, x.rows());
    }

    /** What a layer's experts compute with; made when the layer is first seen. */
    private ExpertsAddRmsNormKernel.Operands operands(Tensor inner, Tensor outer, SparseMoe moe, Weight norm) {
        long down = CudaOps.address(moe.down());
        for (int i = 0; i < numOperands; i++) {
            if (operands[i].down() == down && operands[i].inner() == CudaOps.address(inner)
                    && operands[i].norm() == CudaOps.address(norm)) {
                return operands[i];
            }
        }
        var made = new ExpertsAddRmsNormKernel.Operands(CudaOps.address(inner), CudaOps.address(outer),
                CudaOps.address(moe.gateUp()), down, CudaOps.address(norm), inner.columns());
        if (numOperands < operands.length) {
            operands[numOperands++] = made;
        }
        return made;
    }

    @Override
    public void close() {
        if (expertsAddRmsNorm != null) {
            expertsAddRmsNorm.close();
        }
        combine.close();
        groupedLinear.close();
        route.close();
    }
}
