package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceProperties;
import io.penstock.device.Stream;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a step of the 8B model asks of a device. */
class LaunchesTest {
    private static final ModelConfig MODEL = ModelShapes.named("lfm2.5-8b-a1b");
    private static final DeviceProperties.Cores CORES =
            new DeviceProperties.Cores(132, 0, 2048, 65_536, 228 << 10, 227 << 10);
    private static final DeviceProperties.Memory MEMORY = new DeviceProperties.Memory(143_771L << 20, 0, 0, 0);

    private static StepLaunches launches(int computeCapability, int numSeqs) {
        return launches(computeCapability, numSeqs, Stream.Serialization.FULL);
    }

    private static StepLaunches launches(int computeCapability, int numSeqs, Stream.Serialization serialization) {
        return StepLaunches.ofDecode(MODEL,
                new DeviceProperties("planned", "none", computeCapability, CORES, MEMORY), numSeqs, 6, serialization);
    }

    @ParameterizedTest
    @CsvSource({"80, 32, 170", "90, 1, 87", "90, 32, 87", "90, 256, 87", "90, 257, 109", "90, 8192, 109"})
    void aDecodeStepHasFewLaunches(int computeCapability, int numSeqs, int maxLaunches) {
        int numLaunches = launches(computeCapability, numSeqs).launches().size();
        assertTrue(numLaunches <= maxLaunches, "launches: " + numLaunches);
        assertTrue(numLaunches > 3 * MODEL.numLayers(), "launches: " + numLaunches);
    }

    /** One upload and one download. */
    @Test
    void aDecodeStepHasTwoCopies() {
        assertEquals(2, launches(90, 32).numCopies());
    }

    @Test
    void launchesAreInTheOrderOfTheStep() {
        List<StepLaunches.Launch> launches = launches(90, 32).launches();
        assertEquals(List.of("beginStep update_block_tables_i32", "embed embed_tiled_bf16", "rmsNorm rms_norm_bf16"),
                launches.stream().limit(3).map(each -> each.operation() + " " + each.kernel()).toList());
        assertEquals(List.of("sample sample_scan_f32", "sample sample_choose_f32"), launches.stream()
                .skip(launches.size() - 2).map(each -> each.operation() + " " + each.kernel()).toList());
    }

    /** All but what runs on every device: rows, the router, sampling. */
    @Test
    void whatIsFor90AloneBeginsEarlyWhereThatIsAskedFor() {
        List<StepLaunches.Launch> early = launches(90, 32, Stream.Serialization.PROGRAMMATIC).launches();
        assertTrue(early.stream().allMatch(each -> each.isEarly()
                == (each.kernel().contains("_tiled_m") || each.kernel().contains("_wgmma_"))), early::toString);
        long numEarly = early.stream().filter(StepLaunches.Launch::isEarly).count();
        assertTrue(numEarly > 2 * MODEL.numLayers(), "early: " + numEarly);
        assertTrue(launches(90, 32).launches().stream().noneMatch(StepLaunches.Launch::isEarly));
        assertTrue(launches(80, 32, Stream.Serialization.PROGRAMMATIC).launches().stream()
                .noneMatch(StepLaunches.Launch::isEarly));
    }
}
