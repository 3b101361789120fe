package io.penstock.runtime.check;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All operations that are built, in the order in which a forward pass meets them, and their cases. */
public final class OperationCases {
    private static final Map<String, List<OperationCase>> ALL = all();

    private OperationCases() {}

    private static Map<String, List<OperationCase>> all() {
        Map<String, List<OperationCase>> all = new LinkedHashMap<>();
        all.put("copy_blocks", CopyBlocksCases.all());
        all.put("update_block_tables", UpdateBlockTablesCases.all());
        all.put("embed", EmbedCases.all());
        all.put("rms_norm", NormCases.rmsNorm());
        all.put("add_rms_norm", NormCases.addRmsNorm());
        all.put("add", AddCases.all());
        all.put("linear", LinearCases.all());
        all.put("linear_add_rms_norm", LinearAddRmsNormCases.all());
        all.put("short_conv", ShortConvCases.all());
        all.put("in_proj_short_conv", InProjShortConvCases.all());
        all.put("qk_norm_rope_store", QkNormRopeStoreCases.all());
        all.put("qkv_norm_rope_store", QkvNormRopeStoreCases.all());
        all.put("attention", AttentionCases.all());
        all.put("add_rms_norm_route_top_k", RoutingCases.all());
        all.put("grouped_linear", GroupedLinearCases.all());
        all.put("combine_add_rms_norm", NormCases.combineAddRmsNorm());
        all.put("grouped_linear_add_rms_norm", GroupedLinearAddRmsNormCases.all());
        all.put("experts_add_rms_norm", ExpertsAddRmsNormCases.all());
        all.put("silu_and_mul", SiluAndMulCases.all());
        all.put("gather_last", GatherLastCases.all());
        all.put("sample", SampleCases.all());
        all.put("sample_from_head", SampleCases.fromHead());
        all.put("logprobs", LogprobsCases.all());
        return Collections.unmodifiableMap(all);
    }

    /** Names of the operations. */
    public static List<String> operations() {
        return List.copyOf(ALL.keySet());
    }

    /** Cases of an operation, small ones first. */
    public static List<OperationCase> of(String operation) {
        List<OperationCase> cases = ALL.get(operation);
        if (cases == null) {
            throw new IllegalArgumentException("no operation " + operation + " among " + operations());
        }
        return new ArrayList<>(cases);
    }
}
