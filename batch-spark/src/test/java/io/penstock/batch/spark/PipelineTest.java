package io.penstock.batch.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.offline.GenerationResult;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PipelineTest {
    /** Holds requests until the test answers them. */
    private static final class ManualEngine {
        private final Map<String, Consumer<GenerationResult>> waiting = new LinkedHashMap<>();
        private final List<String> taken = new ArrayList<>();
        private Consumer<ManualEngine> onSubmit = _ -> { };

        void submit(GenerationRequest request, Consumer<GenerationResult> done) {
            String name = ((GenerationRequest.Text) request.prompt()).text();
            taken.add(name);
            waiting.put(name, result -> done.accept(
                    new GenerationResult(0, request, null, List.of(), new Logprobs(), null, result.error())));
            onSubmit.accept(this);
        }

        void answer(String name) {
            fail(name, null);
        }

        void fail(String name, RuntimeException error) {
            waiting.remove(name).accept(
                    new GenerationResult(0, null, null, List.of(), new Logprobs(), null, error));
        }
    }

    private final ManualEngine engine = new ManualEngine();
    private final AtomicInteger numRead = new AtomicInteger();
    private int window = 4;
    private Runnable checkpoint = () -> { };

    private Pipeline<Integer, String> pipeline(int numInputs) {
        return pipeline(IntStream.range(0, numInputs));
    }

    private Pipeline<Integer, String> pipeline(IntStream numbers) {
        Iterator<Integer> inputs = numbers.peek(_ -> numRead.incrementAndGet()).iterator();
        return new Pipeline<>(inputs, PipelineTest::ask, engine::submit, () -> window, () -> checkpoint.run());
    }

    /** What ends in 9 needs no engine, and what ends in 7 is three requests. */
    private static Pipeline.Asked<String> ask(int input) {
        if (input % 10 == 9) {
            return new Pipeline.Asked.Ready<>("ready " + input);
        }
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < (input % 10 == 7 ? 3 : 1); i++) {
            requests.add(GenerationRequest.text(i == 0 ? "r" + input : "r" + input + "." + i));
        }
        return new Pipeline.Asked.Open<>(requests, results -> results.getFirst().error() == null
                ? "done " + input : "refused " + input);
    }

    @Test
    void outputsComeInTheOrderInWhichTheyAreDone() {
        engine.onSubmit = it -> {
            if (it.taken.size() == 4) {
                List.of("r2", "r0", "r3", "r1").forEach(it::answer);
            }
        };
        var outputs = new ArrayList<String>();
        pipeline(4).forEachRemaining(outputs::add);
        assertEquals(List.of("done 2", "done 0", "done 3", "done 1"), outputs);
    }

    @Test
    void readsNoFurtherThanTheWindow() {
        Pipeline<Integer, String> pipeline = pipeline(100);
        engine.onSubmit = it -> {
            if (it.taken.size() == 4) {
                it.answer("r1");
            }
        };
        assertEquals("done 1", pipeline.next());
        assertEquals(4, numRead.get());
        engine.answer("r3");
        assertEquals("done 3", pipeline.next());
        assertEquals(5, numRead.get(), "each pull fills what the last one made free");
        window = 2;
        engine.answer("r0");
        assertEquals("done 0", pipeline.next());
        assertEquals(5, numRead.get(), "two are under way, which is all that the window takes now");
    }

    @Test
    void everyRequestOfAnInputCounts() {
        Pipeline<Integer, String> pipeline = pipeline(IntStream.of(7, 0, 1, 2));
        engine.onSubmit = it -> {
            if (it.taken.size() == 4) {
                it.answer("r0");
            }
        };
        assertEquals("done 0", pipeline.next());
        assertEquals(List.of("r7", "r7.1", "r7.2", "r0"), engine.taken);
        List.of("r7.1", "r7.2", "r7").forEach(engine::answer);
        assertEquals("done 7", pipeline.next());
        assertEquals(3, numRead.get());
    }

    @Test
    void inputsThatNeedNoEngineAndRefusalsAreOutputs() {
        engine.onSubmit = it -> {
            String name = it.taken.getLast();
            it.fail(name, name.equals("r3") ? new InputException("too long") : null);
        };
        var outputs = new ArrayList<String>();
        pipeline(11).forEachRemaining(outputs::add);
        assertEquals(11, outputs.size());
        assertTrue(outputs.containsAll(List.of("ready 9", "refused 3", "done 10")), outputs::toString);
    }

    @Test
    void aFailureOfTheEngineEndsThePull() {
        var cause = new IllegalStateException("the engine failed: out of memory");
        engine.onSubmit = it -> it.fail(it.taken.getLast(), cause);
        var e = assertThrows(Pipeline.EngineFailure.class, () -> pipeline(3).hasNext());
        assertEquals(cause.getMessage(), e.getMessage());
        assertSame(cause, e.getCause());
    }

    @Test
    void aKillEndsAPullThatWaits() {
        var isKilled = new AtomicBoolean();
        checkpoint = () -> {
            if (isKilled.get()) {
                throw new CancellationException("killed");
            }
        };
        Pipeline<Integer, String> pipeline = pipeline(3);
        Thread.ofPlatform().start(() -> {
            try {
                TimeUnit.MILLISECONDS.sleep(150);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            isKilled.set(true);
        });
        assertThrows(CancellationException.class, pipeline::hasNext);
    }

    @Test
    void anInterruptEndsAPullThatWaits() {
        Pipeline<Integer, String> pipeline = pipeline(3);
        Thread.currentThread().interrupt();
        assertThrows(Pipeline.EngineFailure.class, pipeline::hasNext);
        assertTrue(Thread.interrupted());
    }

    @Test
    void nothingInIsNothingOut() {
        Pipeline<Integer, String> pipeline = pipeline(0);
        assertFalse(pipeline.hasNext());
        assertThrows(NoSuchElementException.class, pipeline::next);
    }
}
