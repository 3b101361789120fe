package io.penstock.bench.step;

import io.penstock.bench.Statistics;
import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.device.Device;
import io.penstock.device.Event;
import io.penstock.device.Stream;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.InputException;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.StepProbe;
import io.penstock.runtime.model.OperationObserver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Measures the operations of one kind of step. */
public final class StepProfile {
    private static final int WARM_UPS = 3;
    private static final int RUNS = 11;
    private static final int SECTOR_BYTES = 32;
    static final String DIRECT_US = "directUs";
    static final String REPLAY_US = "replayUs";

    /** Another way to run a step than one launch behind the end of the other. */
    public enum Way {
        /** Two half-batches beside each other: of decode steps. */
        HALVES("halves", "as two halves beside each other", CudaOptions.DEFAULTS.withHalvedRows(1)),
        /** Kernels that may begin before the one in front has ended. */
        PROGRAMMATIC("programmatic", "with launches that begin early",
                CudaOptions.DEFAULTS.withProgrammaticLaunches(true));

        final String words;
        final String directUs;
        final String replayUs;
        private final String launches;
        private final CudaOptions options;

        Way(String name, String words, CudaOptions options) {
            this.words = words;
            this.options = options;
            directUs = name + "DirectUs";
            replayUs = name + "ReplayUs";
            launches = name + "Launches";
        }
    }

    /** A step: {@code numSeqs} sequences that decode behind {@code context} tokens, or a prompt of so many. */
    public record Step(int numSeqs, int context, boolean isPrefill) {
        int numTokens() {
            return isPrefill ? context : numSeqs;
        }
    }

    /**
     * An operation's part of a step.
     *
     * @param numCalls in a step
     * @param floorBytes of all its calls
     * @param floorUs what they take at least on the device
     * @param metrics of all its calls, by name with unit
     */
    public record Row(String name, int numCalls, double floorBytes, double floorUs, Map<String, Double> metrics) {}

    /**
     * What was measured.
     *
     * @param step of the whole step, by name with unit
     */
    public record Result(List<Row> rows, Map<String, Double> step) {}

    private final Device device;
    private final ModelTensors tensors;
    private final DeviceSpec spec;

    /** On a device that the caller closes; {@code spec} is what it can do. */
    public StepProfile(Device device, ModelTensors tensors, DeviceSpec spec) {
        this.device = device;
        this.tensors = tensors;
        this.spec = spec;
    }

    private static void use(StepProbe probe, Step step) {
        if (step.isPrefill()) {
            probe.usePrefill(step.context());
        } else {
            probe.useDecode(step.numSeqs(), step.context());
        }
    }

    private Map<String, StepFloors.Floor> floors(ModelConfig model, Step step) {
        return StepFloors.of(model, new StepFloors.Sizes(step.numTokens(), step.numSeqs(), step.context(),
                WeightFormat.of(device.properties()) == WeightFormat.TILES));
    }

    private List<Row> rows(ModelConfig model, Step step, Map<String, Map<String, Double>> metrics) {
        List<Row> rows = new ArrayList<>();
        floors(model, step).forEach((name, floor) -> {
            double floorUs = 1e6 * Math.max(
                    floor.bytes() / spec.bytesPerSecond(), floor.flops() / spec.flopsPerSecond());
            rows.add(new Row(name, floor.numCalls(), floor.numCalls() * floor.bytes(), floor.numCalls() * floorUs,
                    metrics.getOrDefault(name, Map.of())));
        });
        return rows;
    }

    /**
     * Times it by events: each operation alone, and whole steps launched directly and replayed.
     *
     * @param observer told of steps, and of the operations of those that are timed operation by operation
     * @param others in which whole steps are timed as well, in the same run
     */
    public Result time(Step step, OperationObserver observer, Set<Way> others) {
        Result result = time(step, observer);
        others.forEach(way -> timeWay(way, step, observer, result.step()));
        return result;
    }

    private void timeWay(Way way, Step step, OperationObserver observer, Map<String, Double> whole) {
        try (StepProbe probe = new StepProbe(device, tensors, StepProbe.limits(step.numSeqs(), step.context()),
                way.options, OperationObserver.NONE)) {
            use(probe, step);
            if (way == Way.HALVES && !probe.hasHalves()) {
                throw new InputException("a step of " + step.numSeqs()
                        + " sequences has no halves with a row for each expert: raise it");
            }
            whole.put(way.directUs,
                    medianUs(probe.stream(), () -> tell(observer, "step " + way.words, probe::launch)));
            if (!step.isPrefill()) {
                whole.put(way.replayUs, medianUs(
                        probe.stream(), () -> tell(observer, "step " + way.words + " by graph", probe::replay)));
                whole.put(way.launches, (double) probe.numGraphNodes());
            }
        }
    }

    private Result time(Step step, OperationObserver observer) {
        EventTimes times = new EventTimes(observer);
        try (times; StepProbe probe = new StepProbe(
                device, tensors, StepProbe.limits(step.numSeqs(), step.context()), CudaOptions.DEFAULTS, times)) {
            times.stream = probe.stream();
            use(probe, step);
            Map<String, double[]> us = new LinkedHashMap<>();
            for (int run = -WARM_UPS; run < RUNS; run++) {
                times.next = 0;
                tell(observer, "step by operations", probe::observe);
                probe.stream().synchronize();
                if (run >= 0) {
                    times.add(us, run);
                }
            }
            Map<String, Map<String, Double>> metrics = new LinkedHashMap<>();
            us.forEach((name, values) -> metrics.put(name, Map.of("us", Statistics.of(values).median())));
            Map<String, Double> whole = new LinkedHashMap<>();
            whole.put(DIRECT_US, medianUs(probe.stream(), () -> tell(observer, "step", probe::launch)));
            if (!step.isPrefill()) {
                whole.put(REPLAY_US, medianUs(probe.stream(), () -> tell(observer, "step by graph", probe::replay)));
                whole.put("launches", (double) probe.numGraphNodes());
            }
            return new Result(rows(tensors.config(), step, metrics), whole);
        }
    }

    private static void tell(OperationObserver observer, String name, Runnable step) {
        observer.before(name);
        step.run();
        observer.after(name);
    }

    private double medianUs(Stream stream, Runnable step) {
        double[] us = new double[RUNS];
        try (Event start = device.createEvent(); Event end = device.createEvent()) {
            for (int run = -WARM_UPS; run < RUNS; run++) {
                stream.record(start);
                step.run();
                stream.record(end);
                end.synchronize();
                if (run >= 0) {
                    us[run] = 1e3 * end.elapsedMs(start);
                }
            }
        }
        return Statistics.of(us).median();
    }

    /**
     * Counts what it moves, on a device that counts.
     *
     * @param full the model whose layers are meant; the tensors may be those of fewer layers
     * @param counters what was counted since they were last asked, by name, the number of launches among it
     */
    public Result count(Step step, ModelConfig full, Supplier<Map<String, Long>> counters) {
        Counts counts = new Counts(counters);
        try (StepProbe probe = new StepProbe(
                device, tensors, StepProbe.limits(step.numSeqs(), step.context()), CudaOptions.DEFAULTS, counts)) {
            use(probe, step);
            counters.get();
            probe.observe();
            Map<String, Double> whole = new LinkedHashMap<>();
            Map<String, Map<String, Double>> metrics = new LinkedHashMap<>();
            double launches = 0;
            for (var floor : floors(full, step).entrySet()) {
                Map<String, Double> sums = counts.sums.get(floor.getKey());
                if (sums != null) {
                    double scale = floor.getValue().numCalls() / sums.get("calls");
                    Map<String, Double> scaled = new LinkedHashMap<>();
                    sums.forEach((name, value) -> scaled.put(name, value * scale));
                    metrics.put(floor.getKey(), scaled);
                    launches += scaled.get("launches");
                }
            }
            whole.put("launches", launches);
            return new Result(rows(full, step, metrics), whole);
        }
    }

    /** An event before and one behind each operation. */
    private final class EventTimes implements OperationObserver, AutoCloseable {
        private final List<Event> events = new ArrayList<>();
        private final List<String> names = new ArrayList<>();
        private final OperationObserver observer;
        private Stream stream;
        private int next;

        EventTimes(OperationObserver observer) {
            this.observer = observer;
        }

        private void record() {
            if (next == events.size()) {
                events.add(device.createEvent());
            }
            stream.record(events.get(next++));
        }

        @Override
        public void before(String name) {
            if (next == 0) {
                names.clear();
            }
            names.add(name);
            observer.before(name);
            record();
        }

        @Override
        public void after(String name) {
            record();
            observer.after(name);
        }

        void add(Map<String, double[]> us, int run) {
            for (int i = 0; i < names.size(); i++) {
                us.computeIfAbsent(names.get(i), _ -> new double[RUNS])[run] +=
                        1e3 * events.get(2 * i + 1).elapsedMs(events.get(2 * i));
            }
        }

        @Override
        public void close() {
            events.forEach(Event::close);
        }
    }

    private static final class Counts implements OperationObserver {
        private final Map<String, Map<String, Double>> sums = new LinkedHashMap<>();
        private final Supplier<Map<String, Long>> counters;

        Counts(Supplier<Map<String, Long>> counters) {
            this.counters = counters;
        }

        @Override
        public void before(String name) {
            counters.get();
        }

        @Override
        public void after(String name) {
            Map<String, Long> counted = counters.get();
            double all = (double) counted.get("gridCtas") / Math.max(1, counted.get("ctas"));
            Map<String, Double> sum = sums.computeIfAbsent(name, _ -> new LinkedHashMap<>());
            sum.merge("calls", 1.0, Double::sum);
            sum.merge("launches", (double) counted.get("launches"), Double::sum);
            sum.merge("trafficBytes", (double) SECTOR_BYTES
                    * (counted.get("uniqueReadSectors") + counted.get("uniqueWriteSectors")), Double::sum);
            sum.merge("accessedBytes",
                    all * (counted.get("globalReadBytes") + counted.get("globalWriteBytes")), Double::sum);
            sum.merge("mmaFlops", all * counted.get("mmaFlops"), Double::sum);
        }
    }
}
