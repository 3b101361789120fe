package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.check.OperationCase;
import io.penstock.runtime.check.OperationCases;
import io.penstock.runtime.check.Trial;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The small cases of one operation, on the backend of a subclass; on an emulator they run each of its kernels. */
interface OperationTests extends OperationBackend.Factory {
    /** Operations that are compared bit for bit, and with what; all others with float64 references, within bounds. */
    Map<String, String> EXACT = Map.ofEntries(
            Map.entry("copy_blocks", "what was there"), Map.entry("update_block_tables", "what was there"),
            Map.entry("embed", "what was there"), Map.entry("gather_last", "what was there"),
            Map.entry("add", "one rounding of one sum"), Map.entry("in_proj_short_conv", "linear, then short_conv"),
            Map.entry("qkv_norm_rope_store", "linear, then qk_norm_rope_store"),
            Map.entry("linear_add_rms_norm", "linear, then add_rms_norm or add_rms_norm_route_top_k"),
            Map.entry("grouped_linear_add_rms_norm", "grouped_linear, then combine_add_rms_norm"),
            Map.entry("experts_add_rms_norm", "grouped_linear twice, then combine_add_rms_norm"),
            Map.entry("sample", "the sampler, in float64"), Map.entry("sample_from_head", "logits, then sample"),
            Map.entry("logprobs", "the CPU's, in float64"));

    /** Kernels of an operation's module that another operation's cases run. */
    Map<String, String> RUN_BY = Map.of("add_rms_norm_route_top_k_regroup", "grouped_linear");

    String operation();

    @TestFactory
    default Stream<DynamicTest> cases() {
        Recorder recorder = new Recorder(this);
        return Stream.concat(
                OperationCases.of(operation()).stream()
                        .filter(each -> !each.isLarge())
                        .map(each -> DynamicTest.dynamicTest(each.sizes(), () -> recorder.run(each))),
                Stream.of(DynamicTest.dynamicTest("every kernel", () -> recorder.requireEveryKernel(operation()))));
    }

    /** Opens the backends of cases, and sees which kernels they launch and how results are compared. */
    final class Recorder implements OperationBackend.Factory {
        private final OperationBackend.Factory backends;
        private final Set<String> notLaunched = new TreeSet<>();
        private final List<EmulatorDevice> emulators = new ArrayList<>();
        private int computeCapability;
        private double worstRatio;

        private Recorder(OperationBackend.Factory backends) {
            this.backends = backends;
        }

        @Override
        public OperationBackend open(ModelConfig config, ModelLimits limits) {
            OperationBackend backend = backends.open(config, limits);
            if (backend instanceof DeviceBackend own && own.device() instanceof EmulatorDevice emulator) {
                emulators.add(emulator);
                if (computeCapability == 0) {
                    computeCapability = emulator.properties().computeCapability();
                    notLaunched.addAll(ShippedKernels.all(computeCapability));
                }
            }
            return backend;
        }

        private void run(OperationCase each) {
            Trial trial = Trial.of(this, CpuBackend::new, each.sizes().hashCode());
            try {
                each.run(trial);
            } finally {
                emulators.forEach(emulator -> ShippedKernels.removeLaunched(notLaunched, emulator));
                emulators.clear();
            }
            worstRatio = Math.max(worstRatio, trial.closeness().worstRatio());
        }

        private void requireEveryKernel(String operation) {
            assertEquals(EXACT.containsKey(operation), worstRatio == 0, operation + ": how it is compared");
            Set<String> missing = ShippedKernels.of(operation, computeCapability == 0 ? 80 : computeCapability);
            missing.removeIf(kernel -> !notLaunched.contains(kernel));
            RUN_BY.forEach((kernel, by) -> {
                missing.remove(kernel);
                if (by.equals(operation) && notLaunched.contains(kernel)) {
                    missing.add(kernel);
                }
            });
            ShippedKernels.requireNone(missing, "run by the cases of " + operation);
        }
    }
}
