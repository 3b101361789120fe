package io.penstock.bench.report;

import io.penstock.runtime.plan.MemoryPlan;
import java.util.ArrayList;
import java.util.List;

/**
 * How a device's memory would be divided.
 *
 * @param name of the device and its limits
 * @param memoryBytes all there is
 */
public record MemoryMap(String name, MemoryPlan plan, long memoryBytes) {
    private static final double GIB = 1L << 30;

    static Section of(List<MemoryMap> maps) {
        List<BarPlot.Row> rows = new ArrayList<>();
        List<List<String>> cells = new ArrayList<>();
        for (MemoryMap map : maps) {
            MemoryPlan plan = map.plan();
            rows.add(new BarPlot.Row(map.name(), List.of(plan.weightsBytes() / GIB, plan.convSlotsBytes() / GIB,
                    plan.snapshotsBytes() / GIB, plan.workspaceBytes() / GIB, plan.kvBytes() / GIB,
                    (map.memoryBytes() - plan.budgetBytes() + plan.freeBytes()) / GIB)));
            cells.add(List.of(map.name(), Figures.show(plan.limits().numKvBlocks()), Figures.show(plan.numKvTokens()),
                    Figures.show(plan.numSequences(1280)), Figures.show(plan.numSequences(10_240))));
        }
        List<String> parts = List.of("weights", "conv slots", "snapshots", "workspace", "KV blocks", "not used");
        List<Plot> plots = rows.isEmpty() ? List.of() : List.of(new BarPlot("Memory of LFM2.5-8B-A1B in bfloat16",
                "GiB of device memory by use, a bar a device.", "GiB", true, 0, parts, rows));
        return new Section("memory", "Memory map", "What `./penstock plan` computes and a runner allocates, to the"
                + " byte; nine tenths of the memory may be used.", plots, new Table(List.of("device", "KV blocks",
                "tokens of KV", "sequences of 1,280 tokens", "sequences of 10,240 tokens"), cells),
                rows.isEmpty() ? List.of("No plan was given.") : List.of());
    }
}
