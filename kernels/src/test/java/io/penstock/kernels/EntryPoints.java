package io.penstock.kernels;

import java.util.ArrayList;
import java.util.List;

/** What all launchers declare. */
final class EntryPoints {
    private EntryPoints() {}

    static List<EntryPoint> all() {
        List<EntryPoint> all = new ArrayList<>(List.of(AddKernel.BF16, AddRmsNormKernel.BF16,
                AddRmsNormRouteTopKKernel.BF16, AddRmsNormRouteTopKKernel.REGROUP,
                CombineAddRmsNormKernel.BF16, CopyBlocksKernel.BF16, EmbedKernel.BF16,
                EmbedKernel.TILED_BF16,
                GatherLastKernel.BF16, LogprobsKernel.SCAN, LogprobsKernel.MERGE, QkNormRopeStoreKernel.BF16,
                RmsNormKernel.BF16, SampleKernel.SCAN, SampleKernel.CHOOSE, ShortConvKernel.BF16,
                SiluAndMulKernel.BF16, SiluAndMulKernel.F32, UpdateBlockTablesKernel.I32));
        for (WeightFormat format : WeightFormat.values()) {
            all.addAll(LinearKernel.entries(format));
            all.addAll(GroupedLinearKernel.entries(format));
        }
        for (AttentionVariant variant : AttentionVariant.values()) {
            all.add(variant.decode().entry());
            all.add(variant.prefill().entry());
        }
        all.add(ExpertsAddRmsNormKernel.BF16);
        all.addAll(TiledInProjShortConv.entries());
        all.addAll(QkvNormRopeStoreKernel.entries());
        for (InProjTile tile : InProjTile.values()) {
            all.add(tile.entry());
        }
        return all;
    }
}
