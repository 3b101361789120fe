package io.penstock.bench.gpucheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.device.DeviceException;
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.check.OperationCases;
import io.penstock.runtime.cpu.CpuBackend;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuCheckTest {
    private static final CheckProgress SILENT = (what, done, total) -> { };

    @TempDir
    private Path folder;

    /** The CPU's operations, and what a change makes of a method's result. */
    private static OperationBackend.Factory changed(BiFunction<String, Object, Object> change) {
        return (config, limits) -> {
            CpuBackend real = new CpuBackend(config, limits);
            return (OperationBackend) Proxy.newProxyInstance(GpuCheckTest.class.getClassLoader(),
                    new Class<?>[] {OperationBackend.class}, (proxy, method, arguments) -> {
                        try {
                            return change.apply(method.getName(), method.invoke(real, arguments));
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        };
    }

    private static OperationBackend.Factory right() {
        return changed((method, result) -> result);
    }

    private static CheckReport check(OperationBackend.Factory backend, String... operations) {
        return GpuCheck.run(new CheckTarget(new FakeDevice(), backend, null, null, null),
                new CheckOptions(List.of(operations), 7, true), SILENT);
    }

    @Test
    void timesAndComparesWithWhatWasMeasured() {
        CheckReport report = check(right(), "add");
        assertTrue(report.isGreen());
        assertEquals(2, report.ceilings().gigabytesPerSecond() / 1e3, 1e-9, "two gigabytes a millisecond");
        assertEquals(2 * 8192.0 * 8192 * 8192 / 1e9, report.ceilings().teraflopsPerSecond(), 1e-6);
        assertEquals(List.of(1, 256, 2048), report.measured().stream().map(OperationTiming::numTokens).toList());
        OperationTiming last = report.measured().getLast();
        double floorBytes = 3 * 2 * 2048 * 2048;
        assertEquals("add 2048 x 2048", last.name());
        assertEquals(1000, last.metrics().get("launchUs"), 1e-6);
        assertEquals(floorBytes / 1e6, last.metrics().get("gigabytesPerSecond"), 1e-6);
        assertEquals(floorBytes / 2e9, last.metrics().get("ratioToCopy"), 1e-9);
        assertEquals(floorBytes / 2e9, last.metrics().get("ratioToFloor"), 1e-9);
        String text = String.join("\n", ReportText.lines(report));
        assertTrue(text.contains("Fake GPU") && text.contains("--seed 7"), text);
        assertTrue(text.contains("add                  right, the same bits in 6 cases"), text);
        assertTrue(text.matches("(?s).*add 2048 x 2048 +1000\\.00 +25 +1 +12\\.58 +1\\b.*"), text);
    }

    @Test
    void resultsAreLinesThatCanBeReadAgain() throws IOException {
        CheckReport report = check(right(), "add");
        RunContext context = RunContext.onDevice(
                folder, Instant.EPOCH, "Fake GPU", "no driver", "./penstock gpu-check");
        ResultLog log = ResultLog.at(folder.resolve("mine.jsonl"), ReportResults.NAME);
        ReportResults.of(report, context).forEach(log::append);
        List<BenchResult> read = log.read().results();
        assertEquals(List.of("validate add", "copy", "gemm 8192 x 8192 x 8192", "add 1 x 2048", "add 256 x 2048",
                "add 2048 x 2048"), read.stream().map(BenchResult::caseName).toList());
        assertEquals(GpuCheck.MODEL, read.getLast().model());
        assertEquals(1000, read.getLast().metrics().get("launchUs"), 1e-6);
        JsonNode json = new ObjectMapper().readTree(ReportResults.json(report));
        assertTrue(json.get("ok").booleanValue());
        assertEquals(3, json.get("measured").size());
        assertEquals("linear", json.get("ceilings").get("gemm").textValue());
    }

    /** One value of one method is a little off. */
    private static OperationBackend.Factory wrongAt(String method, int index) {
        return changed((name, result) -> {
            if (name.equals(method) && result instanceof float[] values && values.length > index) {
                values[index] += 0.5f * Math.abs(values[index]) + 1e-3f;
            }
            return result;
        });
    }

    @ParameterizedTest
    @CsvSource({
        "embed, embed, 80, 'embed: 5 x 72 of 11: embed [1, 8]: expected '",
        "rms_norm, rmsNorm, 75, 'rms_norm: 3 x 72, in place: rms_norm [1, 3]: expected '",
        "add, add, 73, 'add: 3 x 72: add [1, 1]: expected '",
        "linear, linear, 30, 'linear: 3 x 24 x 40: linear [1, 6]: expected '",
        "silu_and_mul, siluAndMulRounded, 300, 'silu_and_mul: 65 x 136: silu_and_mul [2, 28]: expected '",
        "short_conv, shortConv, 100, 'short_conv: decode x 80: short_conv [1, 20]: expected '",
        "gather_last, gatherLast, 73, 'gather_last: 3 of 5 x 72: gather_last [1, 1]: expected '"
    })
    void aWrongOperationIsNamedWithItsCoordinate(String operation, String method, int index, String message) {
        CheckReport report = check(wrongAt(method, index), operation);
        assertFalse(report.isGreen());
        assertTrue(report.firstFailure().startsWith(message), report::firstFailure);
        assertEquals(List.of(), report.measured(), "what is wrong is not timed");
        String text = String.join("\n", ReportText.lines(report));
        assertTrue(text.contains("WRONG in ") && text.contains(message), text);
    }

    @Test
    void othersAreStillChecked() {
        CheckReport report = check(wrongAt("embed", 3), "embed", "add");
        assertEquals(List.of(false, true), report.verdicts().stream().map(OperationVerdict::isRight).toList());
        assertEquals(3, report.measured().size());
    }

    @Test
    void aLostDeviceEndsIt() {
        CheckReport report = check(changed((name, result) -> {
            if (name.equals("add")) {
                throw new DeviceException("cuLaunchKernel", 700, "CUDA_ERROR_ILLEGAL_ADDRESS", "launching add");
            }
            return result;
        }), "add", "gather_last");
        assertNull(report.ceilings());
        assertTrue(report.firstFailure().contains("add: 1 x 8: the device failed: "), report::firstFailure);
        assertEquals(List.of("gather_last: not run, the device is lost"), report.verdicts().getLast().failures());
    }

    @Test
    void aDeviceThatFailsWhileMeasuringKeepsWhatWasMeasured() {
        FakeDevice device = new FakeDevice();
        device.failsOn("update", 2048L * 2048 * 2);
        CheckReport report = GpuCheck.run(new CheckTarget(device, right(), null, null, null),
                new CheckOptions(List.of("add"), 7, true), SILENT);
        assertFalse(report.isGreen());
        assertEquals(2, report.measured().size());
        assertTrue(report.firstFailure().startsWith("the device failed after 2 measurements: "), report::firstFailure);
        assertEquals(report.problem(), ReportText.lines(report).getLast());
    }

    @Test
    void theSameSeedGivesTheSameErrors() {
        double first = check(right(), "rms_norm").verdicts().getFirst().worstRatio();
        assertTrue(first > 0);
        assertEquals(first, check(right(), "rms_norm").verdicts().getFirst().worstRatio());
    }

    @Test
    void unknownOperationsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new CheckOptions(List.of("attend"), 1, false));
        assertThrows(IllegalArgumentException.class, () -> OperationCases.of("attend"));
    }
}
