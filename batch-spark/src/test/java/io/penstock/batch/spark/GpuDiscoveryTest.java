package io.penstock.batch.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.resource.ResourceAmountUtils;
import org.apache.spark.resource.ResourceDiscoveryScriptPlugin;
import org.apache.spark.resource.ResourceID;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code bin/penstock-gpus} prints, read as Spark reads it, and what a profile makes of it. */
class GpuDiscoveryTest {
    private static final String MODEL = Path.of("../models/penstock-demo").toAbsolutePath().normalize().toString();

    @TempDir
    private Path directory;

    private record Said(int exitCode, String out, String err) {}

    private static Said run(Path script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(script.toString()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Said(process.waitFor(), out, err);
    }

    private static ResourceInformation discover(Path script) {
        var request = new ResourceRequest(new ResourceID("spark.worker", GpuProfile.RESOURCE), 1,
                Optional.of(script.toString()), Optional.empty());
        return new ResourceDiscoveryScriptPlugin().discoverResource(request, new SparkConf(false)).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "0 | {\"name\": \"gpu\", \"addresses\": []}",
        "1 | {\"name\": \"gpu\", \"addresses\": [\"0\"]}",
        "8 | {\"name\": \"gpu\", \"addresses\": [\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\"]}",
    })
    void eachGpuIsAnAddress(int numGpus, String json) throws IOException, InterruptedException {
        String[] indexes = IntStream.range(0, numGpus).mapToObj(Integer::toString).toArray(String[]::new);
        Path script = FakeGpus.discoveryScript(directory, "printf '%s' '"
                + String.join("\n", indexes) + (numGpus == 0 ? "" : "\n") + "'");
        assertEquals(new Said(0, json + "\n", ""), run(script));
        ResourceInformation found = discover(script);
        assertEquals("gpu", found.name());
        assertArrayEquals(indexes, found.addresses());
    }

    /** NVIDIA's says some errors as others say results, and not always with an exit code. */
    @ParameterizedTest
    @ValueSource(strings = {
        "echo 'No devices were found'",
        "echo 'No devices were found'; exit 6",
        "echo 0; echo 'Unable to determine the device handle for GPU0000:01:00.0: GPU is lost. [*]'; exit 15",
        "echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.' >&2; exit 9",
        "echo MIG-5c9b5e6b-7f5a-5e5f-9f2d-0d3bb1c6c5f4",
    })
    @NullSource
    void whatFailsNamesNoGpuAndSaysWhy(String nvidiaSmi) throws IOException, InterruptedException {
        Path script = FakeGpus.discoveryScript(directory, nvidiaSmi);
        Said said = run(script);
        assertEquals(1, said.exitCode);
        assertEquals("", said.out);
        assertTrue(said.err.contains("penstock-gpus: nvidia-smi "), said.err);
        if (nvidiaSmi != null && nvidiaSmi.contains("No devices")) {
            assertTrue(said.err.contains(": No devices were found"), said.err);
        }
        assertThrows(SparkException.class, () -> {
            discover(script);
        });
    }

    /** Spark counts shares of a GPU in its own arithmetic; of these some are no power of two's. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 16, 49, 93, 105, 211, 353, 791, 1024})
    void asManyTasksFitAsWereAskedFor(int numTasks) {
        ResourceProfile profile = GpuProfile.of(numTasks, "penstock-gpus");
        assertNotEquals(ResourceProfile.DEFAULT_RESOURCE_PROFILE_ID(), profile.id());
        assertEquals(numTasks, profile.executorResourcesJMap().get(ResourceProfile.CORES()).amount());
        assertEquals(1, profile.executorResourcesJMap().get(GpuProfile.RESOURCE).amount());
        assertEquals(1, profile.taskResourcesJMap().get(ResourceProfile.CPUS()).amount());
        assertEquals(numTasks, profile.maxTasksPerExecutor(new SparkConf(false)));
        assertTrue(numTasks * ResourceAmountUtils.toInternalResource(
                profile.taskResourcesJMap().get(GpuProfile.RESOURCE).amount())
                <= ResourceAmountUtils.ONE_ENTIRE_RESOURCE());
    }

    @Test
    void aGpuHasATask() {
        assertEquals("tasks per GPU must be at least 1, not 0",
                assertThrows(InputException.class, () -> GpuProfile.of(0, "penstock-gpus")).getMessage());
    }

    @Test
    void sameArgumentsAreTheSameKindOfExecutor() {
        assertEquals(GpuProfile.of(16, "a").id(), GpuProfile.of(16, "a").id());
        assertNotEquals(GpuProfile.of(16, "a").id(), GpuProfile.of(16, "b").id());
        assertNotEquals(GpuProfile.of(16, "a").id(), GpuProfile.of(8, "a").id());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "auto    | 107     | GPU 107: ",
        "cuda    | 107     | GPU 107: ",
        "cuda:99 | 107     | GPU 99: ",
        "auto    | GPU-1-2 | Spark's GPU 'GPU-1-2' is no number: let bin/penstock-gpus find the GPUs",
    })
    void anEngineOpensTheGpuOfItsTask(String device, String address, String said) {
        EngineSpec spec = TransformSpec.of(Map.of("model", MODEL, "prompt", "q", "device", device)).engine();
        assertEquals(!device.contains(":"), spec.takesGpuOfTask());
        var e = assertThrows(InputException.class, () -> spec.open(address, 1));
        assertTrue(e.getMessage().startsWith(said), e.getMessage());
    }
}
