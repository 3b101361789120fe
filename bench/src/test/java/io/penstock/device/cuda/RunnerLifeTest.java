package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceProbe;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.config.AttentionConfig;
import io.penstock.runtime.config.Dimensions;
import io.penstock.runtime.config.FeedForwardConfig;
import io.penstock.runtime.config.LayerType;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.MoeConfig;
import io.penstock.runtime.config.SpecialTokens;
import io.penstock.runtime.cuda.CudaModel;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.CudaRunner;
import io.penstock.runtime.cuda.GraphMode;
import io.penstock.runtime.model.OperationObserver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The life of a runner over a driver that writes its calls down: load, steps, graphs, close, and what fails in it. */
class RunnerLifeTest {
    private static final int VOCAB = 256;
    private static final int HIDDEN = 128;
    private static final ModelLimits LIMITS = new ModelLimits(2, 80, 128, 4, 2, 2);
    private static final ModelConfig CONFIG = new ModelConfig(ModelConfig.MOE_TYPE,
            new Dimensions(VOCAB, HIDDEN, 4096, 3, 1e-5f), List.of(LayerType.CONV, LayerType.FULL_ATTENTION),
            new AttentionConfig(2, 1, 64, 1e6), new FeedForwardConfig(1, 128), new MoeConfig(8, 8, 64, true, true, 1),
            new SpecialTokens(1, List.of(7), 0));
    private static final Set<String> LAUNCHES = Set.of("cuLaunchKernel", "cuGraphLaunch", "cuMemcpyHtoDAsync",
            "cuMemcpyDtoHAsync", "cuMemcpyDtoDAsync", "cuMemsetD8Async");
    private static final int NUM_INJECTED = 60;

    /** Steps of two sequences have halves, of one each. */
    private static final CudaOptions HALVED = CudaOptions.DEFAULTS.withHalvedRows(1);

    private final FakeDriver driver = new FakeDriver();
    private final List<List<String>> steps = new ArrayList<>();

    private static List<String> names(List<String> calls) {
        return calls.stream().map(call -> call.split(" ")[0]).toList();
    }

    private static long count(String call, FakeDriver driver) {
        return names(driver.calls).stream().filter(call::equals).count();
    }

    private static Device open(FakeDriver driver, LaunchMode mode) {
        driver.isEventDone = true;
        return CudaDevices.open(driver, 0, ((DeviceProbe.Available) CudaDevices.probe(driver, 0, 0)).properties(),
                mode);
    }

    private static void step(FakeDriver driver, CudaRunner runner, ForwardBatch batch, List<List<String>> steps) {
        int first = driver.calls.size();
        runner.launch(batch);
        batch.clear();
        runner.await();
        steps.add(names(List.copyOf(driver.calls.subList(first, driver.calls.size()))));
    }

    /** Two prompts, then decode steps of both, in the order in which an engine builds and closes it all. */
    private static void live(FakeDriver driver, List<List<String>> steps) {
        live(driver, steps, LaunchMode.QUEUED, CudaOptions.DEFAULTS.withGraphs(GraphMode.START));
    }

    private static void live(FakeDriver driver, List<List<String>> steps, LaunchMode mode, CudaOptions options) {
        Device device = open(driver, mode);
        try {
            var model = new CudaModel(device, new DummyCheckpoint(CONFIG, 1), LIMITS, options, _ -> { });
            try (CudaRunner runner = new CudaRunner(model, options, VOCAB, new int[] {7})) {
                ForwardBatch batch = new ForwardBatch(LIMITS);
                for (int slot = 0; slot < 2; slot++) {
                    int[] prompt = {3, 4, 5};
                    int[] blocks = {2 * slot, 2 * slot + 1};
                    runner.startSequence(slot, SamplingParams.greedy(9), prompt, 3, 3);
                    batch.setBlock(slot, 0, blocks[0]);
                    batch.sample(batch.addSequence(slot, prompt, 0, 3, 0, blocks));
                }
                step(driver, runner, batch, steps);
                for (int position = 3; position < 6; position++) {
                    for (int slot = 0; slot < 2; slot++) {
                        batch.sample(batch.addDecode(slot, ForwardBatch.LAST_SAMPLED, position,
                                2 * slot * ModelLimits.BLOCK_TOKENS + position));
                    }
                    step(driver, runner, batch, steps);
                }
                assertEquals(options.graphs() == GraphMode.OFF ? 0 : 3, runner.numGraphReplays());
            }
        } catch (RuntimeException | Error e) {
            try {
                device.close();
            } catch (DeviceException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    private static void assertNothingIsLeft(FakeDriver driver, String what) {
        assertEquals(Set.of(), driver.live, what);
        assertTrue(driver.pinned.isEmpty(), what);
    }

    @Test
    void aDecodeStepIsOneUploadOneGraphOneDownloadAndOneEvent() {
        live(driver, steps);
        assertNothingIsLeft(driver, "after close");
        for (List<String> replayed : steps.subList(1, steps.size())) {
            assertEquals(List.of("cuMemcpyHtoDAsync", "cuLaunchKernel", "cuGraphLaunch", "cuMemcpyDtoHAsync",
                    "cuEventRecord", "cuEventSynchronize"), replayed, "the kernel is that of the block tables");
        }
        List<String> prompt = steps.getFirst();
        assertEquals("cuMemcpyHtoDAsync", prompt.getFirst());
        assertFalse(prompt.contains("cuGraphLaunch"));
        assertEquals(List.of("cuMemcpyDtoHAsync", "cuEventRecord", "cuEventSynchronize"),
                prompt.subList(prompt.size() - 3, prompt.size()));
    }

    @Test
    void loadsThenCapturesThenRunsThenCloses() {
        live(driver, steps);
        List<String> calls = names(driver.calls);
        int lastAllocation = Math.max(calls.lastIndexOf("cuMemAlloc"), calls.lastIndexOf("cuMemHostAlloc"));
        assertTrue(calls.lastIndexOf("cuModuleLoadDataEx") < calls.indexOf("cuStreamBeginCapture"));
        assertTrue(lastAllocation < calls.indexOf("cuStreamBeginCapture"), "steps and graphs allocate nothing");
        assertTrue(calls.lastIndexOf("cuGraphInstantiate") < calls.indexOf("cuGraphLaunch"));
        int waited = calls.subList(calls.lastIndexOf("cuEventSynchronize"), calls.size()).indexOf("cuCtxSynchronize");
        assertEquals(1, waited, "closing begins with waiting for the device");
        assertEquals("cuDevicePrimaryCtxRelease", calls.getLast());
        long captures = calls.stream().filter("cuStreamBeginCapture"::equals).count();
        assertEquals(2, captures, "a graph for one and one for two sequences");
    }

    @Test
    void theArgumentsOfALaunch() {
        driver.keptParameters.put("rms_norm_bf16", 5);
        live(driver, steps);
        assertEquals(3, driver.launches.size(), "two captured, one direct");
        long[] first = driver.launches.getFirst().parameters();
        for (int i = 0; i < 3; i++) {
            assertTrue(first[i] != 0 && first[i] % 4 == 0, "pointer " + i + " is " + first[i]);
        }
        assertTrue(first[0] != first[1] && first[1] != first[2]);
        for (FakeDriver.Launch launch : driver.launches) {
            assertEquals(HIDDEN, (int) launch.parameters()[4], "columns, in the low four bytes");
            assertArrayEquals(Arrays.copyOf(first, 3), Arrays.copyOf(launch.parameters(), 3), "memory never moves");
        }
    }

    /** Steps that fail while the device computes: the first is launched directly, the second replayed. */
    @ParameterizedTest
    @CsvSource({"0, 6, launched directly, attention_prefill_wgmma_bf16",
        "1, 2, replayed from the graph of 2, attention_decode_wgmma_bf16"})
    void aFaultInAStepNamesTheStepAndItsKernels(int number, int numTokens, String how, String kernel) {
        live(driver, steps);
        List<String> calls = names(driver.calls);
        FakeDriver failing = new FakeDriver();
        int numBefore = (int) calls.stream().filter("cuEventSynchronize"::equals).count() - steps.size() + number;
        for (int i = 0; i <= numBefore; i++) {
            int after = failing.failAtCall + 1;
            failing.failAtCall = after + calls.subList(after, calls.size()).indexOf("cuEventSynchronize");
        }
        failing.failure = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
        DeviceException e = assertThrows(DeviceException.class, () -> live(failing, new ArrayList<>()));
        String step = "step " + number + " of 2 sequences and " + numTokens + " tokens, " + how;
        assertTrue(e.context().startsWith(step + ", failed (--sync-launches tells which kernel): waiting for"),
                e.context());
        assertEquals("update_block_tables_i32", e.suspects().getFirst(), "the step before is done");
        assertTrue(e.suspects().contains(kernel), e.getMessage());
        assertEquals(number == 1, e.getMessage().contains("in_proj_short_conv_"), e.getMessage());
    }

    /** Where each launch is waited for, the message has the one kernel. */
    @Test
    void aFaultOfALaunchThatIsAwaitedNamesTheKernel() {
        CudaOptions options = CudaOptions.DEFAULTS.withGraphs(GraphMode.OFF);
        driver.keptParameters.put("gather_last_bf16", 4);
        live(driver, steps, LaunchMode.AWAITED, options);
        assertEquals(5, driver.launches.size(), "two of the prompt, one of each later step");
        FakeDriver failing = new FakeDriver();
        failing.failingKernel = "gather_last_bf16";
        failing.failure = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
        DeviceException e = assertThrows(DeviceException.class,
                () -> live(failing, new ArrayList<>(), LaunchMode.AWAITED, options));
        assertTrue(e.getMessage().startsWith("step 0 of 2 sequences and 6 tokens, launched directly, could not be"
                + " launched: running kernel gather_last_bf16 of PTX module gather_last, grid "), e.getMessage());
        assertEquals(List.of(), e.suspects());
        assertNothingIsLeft(failing, "after the failure");
    }

    private static OperationObserver noting(List<String> shown) {
        return new OperationObserver() {
            private int depth;

            @Override
            public void before(String name) {
                shown.add("  ".repeat(depth++) + name);
            }

            @Override
            public void after(String name) {
                depth--;
            }
        };
    }

    /** Steps, and the operations of those that are launched directly, in the names of the step's table. */
    @Test
    void aProfilerIsShownStepsAndOperations() {
        List<String> shown = new ArrayList<>();
        live(driver, steps, LaunchMode.QUEUED,
                CudaOptions.DEFAULTS.withGraphs(GraphMode.START).withObserver(noting(shown)));
        List<String> run = shown.subList(shown.indexOf("step"), shown.size());
        assertEquals(List.of("step", "  beginStep", "  embed", "  rmsNorm", "  inProjShortConv",
                "  linearAddRmsNorm convOutProj", "  linearSiluAndMul", "  linearAddRmsNorm denseDown",
                "  qkvNormRopeStore", "  attention", "  linear attentionOutProj", "  gatherLast", "  gatherLast",
                "  addRmsNormRouteTopK", "  expertsAddRmsNorm", "  logits", "  sample"), run.subList(0, 17));
        assertEquals(List.of("step by graph", "  beginStep", "step by graph", "  beginStep", "step by graph",
                "  beginStep"), run.subList(17, run.size()));
    }

    /** As two halves: the second forks where the first is a layer ahead, and joins before the head. */
    @Test
    void aStepOfTwoHalvesForksAndJoinsOnce() {
        live(driver, steps, LaunchMode.QUEUED, HALVED.withGraphs(GraphMode.OFF));
        assertNothingIsLeft(driver, "after close");
        FakeDriver whole = new FakeDriver();
        live(whole, new ArrayList<>(), LaunchMode.QUEUED, CudaOptions.DEFAULTS.withGraphs(GraphMode.OFF));
        assertEquals(1, count("cuStreamCreate", whole));
        assertEquals(2, count("cuStreamCreate", driver));
        assertEquals(count("cuModuleLoadDataEx", whole), count("cuModuleLoadDataEx", driver), "all share the modules");
        assertFalse(steps.getFirst().contains("cuStreamWaitEvent"), "a prompt has no halves");
        for (List<String> decode : steps.subList(1, steps.size())) {
            List<String> order = decode.stream().filter(call -> !call.equals("cuLaunchKernel")).toList();
            assertEquals(List.of("cuMemcpyHtoDAsync", "cuEventRecord", "cuStreamWaitEvent", "cuEventRecord",
                    "cuStreamWaitEvent", "cuMemcpyDtoHAsync", "cuEventRecord", "cuEventSynchronize"), order);
        }
    }

    @Test
    void aGraphOfTwoHalvesIsOneLaunch() {
        live(driver, steps, LaunchMode.QUEUED, HALVED.withGraphs(GraphMode.START));
        assertNothingIsLeft(driver, "after close");
        assertEquals(List.of("cuMemcpyHtoDAsync", "cuLaunchKernel", "cuGraphLaunch", "cuMemcpyDtoHAsync",
                "cuEventRecord", "cuEventSynchronize"), steps.getLast());
    }

    /** Each half's operations, a layer of the first and one of the second in turn; the rest is the whole step's. */
    @Test
    void aProfilerIsShownTheOperationsOfBothHalves() {
        List<String> shown = new ArrayList<>();
        live(driver, steps, LaunchMode.QUEUED, HALVED.withGraphs(GraphMode.OFF).withObserver(noting(shown)));
        List<String> conv = List.of("  inProjShortConv", "  linearAddRmsNorm convOutProj", "  linearSiluAndMul",
                "  linearAddRmsNorm denseDown");
        List<String> attention = List.of("  qkvNormRopeStore", "  attention",
                "  linearAddRmsNormRouteTopK attentionOutProj", "  expertsAddRmsNorm");
        List<String> expected = new ArrayList<>(List.of("step", "  beginStep", "  embed", "  rmsNorm"));
        List.of(conv, attention, conv, attention).forEach(expected::addAll);
        expected.addAll(List.of("  gatherLast", "  logits", "  sample"));
        List<String> decode = shown.subList(shown.lastIndexOf("step"), shown.size());
        assertEquals(expected, decode);
    }

    /** Of both streams, what the step before did not end. */
    @Test
    void aFaultInAStepOfTwoHalvesNamesTheKernelsOfBoth() {
        CudaOptions options = HALVED.withGraphs(GraphMode.OFF);
        live(driver, steps, LaunchMode.QUEUED, options);
        FakeDriver failing = new FakeDriver();
        failing.failAtCall = names(driver.calls).lastIndexOf("cuEventSynchronize");
        failing.failure = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
        DeviceException e = assertThrows(DeviceException.class,
                () -> live(failing, new ArrayList<>(), LaunchMode.QUEUED, options));
        assertEquals("update_block_tables_i32", e.suspects().getFirst(), "the step before is done");
        assertTrue(e.suspects().contains("attention_decode_wgmma_bf16 x2"), e.getMessage());
        assertTrue(e.suspects().contains("embed_tiled_bf16"), e.getMessage());
        assertNothingIsLeft(failing, "after the failure");
    }

    /** Wherever streams, events and captures fail, all is given back, and no stream is left captured. */
    @Test
    void afterAnErrorOfTwoStreamsAllIsGivenBack() {
        Set<String> ofStreams = Set.of("cuStreamCreate", "cuEventCreate", "cuStreamWaitEvent", "cuEventRecord",
                "cuStreamBeginCapture", "cuStreamEndCapture");
        assertAllIsGivenBack(HALVED.withGraphs(GraphMode.START), ofStreams, "cuGraphLaunch");
        assertAllIsGivenBack(HALVED.withGraphs(GraphMode.OFF), Set.of("cuStreamWaitEvent"), "cuCtxSynchronize");
    }

    private static void assertAllIsGivenBack(CudaOptions options, Set<String> which, String until) {
        FakeDriver recording = new FakeDriver();
        live(recording, new ArrayList<>(), LaunchMode.QUEUED, options);
        List<String> calls = names(recording.calls);
        for (int i = 0; i < calls.indexOf(until); i++) {
            if (which.contains(calls.get(i))) {
                FakeDriver failing = new FakeDriver();
                failing.failAtCall = i;
                failing.failure = CUresult.CUDA_ERROR_OUT_OF_MEMORY;
                String what = "failed at call " + i + ", " + calls.get(i);
                DeviceException thrown = assertThrows(DeviceException.class,
                        () -> live(failing, new ArrayList<>(), LaunchMode.QUEUED, options), what);
                assertEquals(calls.get(i), thrown.call(), what);
                assertNothingIsLeft(failing, what);
            }
        }
    }

    /** A device that is lost, or a call refused, wherever it happens: nothing is queued after it, all is given back. */
    @ParameterizedTest
    @ValueSource(ints = {CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, CUresult.CUDA_ERROR_OUT_OF_MEMORY})
    void afterAnErrorNothingIsLaunchedAndAllIsGivenBack(int error) {
        live(driver, steps);
        List<String> calls = names(driver.calls);
        int first = calls.indexOf("cuDevicePrimaryCtxRetain");
        int last = calls.lastIndexOf("cuEventSynchronize");
        for (int i = 0; i < NUM_INJECTED; i++) {
            FakeDriver failing = new FakeDriver();
            failing.failAtCall = first + (int) ((long) (last - first) * i / (NUM_INJECTED - 1));
            failing.failure = error;
            String what = "failed at call " + failing.failAtCall + ", " + calls.get(failing.failAtCall);
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> live(failing, new ArrayList<>()), what);
            assertEquals(error, thrown.code(), what);
            assertEquals(calls.get(failing.failAtCall), thrown.call(), what);
            List<String> after = names(failing.calls).subList(failing.failAtCall + 1, failing.calls.size());
            assertTrue(after.stream().noneMatch(LAUNCHES::contains), () -> what + ": then " + after);
            assertNothingIsLeft(failing, what);
        }
    }
}
