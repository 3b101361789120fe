package io.penstock.batch.remote;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.penstock.batch.BatchEngine;
import io.penstock.batch.BatchException;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.PreparedRequest;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.offline.GenerationResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Workers that serve the engine protocol, together one engine. A line goes to the worker with the least under way for
 * its size. Where a worker goes away, its lines go to others, and wait while there is none; it gets lines again when it
 * answers its health check.
 */
public final class RemoteEngine implements BatchEngine {
    private static final int IN_FLIGHT_PER_SLOT = 2;
    private static final long PROBE_MS = 100;
    private static final long CONNECT_NS = TimeUnit.SECONDS.toNanos(30);

    private final List<Worker> workers;
    private final RequestEncoder encoder;
    private final RequestPreparer preparer;
    private final long patienceNs;
    private final String name = Long.toHexString(System.nanoTime());
    private final AtomicLong nextId = new AtomicLong();
    private final Set<Call> open = ConcurrentHashMap.newKeySet();

    /** Calls without a worker. */
    private final Queue<Call> homeless = new ArrayDeque<>();
    private final Thread prober = Thread.ofPlatform().daemon().name("penstock-workers").unstarted(this::probe);
    private volatile long lastUpNs = System.nanoTime();
    private volatile boolean isDead;
    private volatile boolean isClosed;

    private RemoteEngine(List<Worker> workers, RequestEncoder encoder, int maxModelLen, long patienceNs) {
        this.workers = workers;
        this.encoder = encoder;
        this.patienceNs = patienceNs;
        // Of the limits only the context's concerns a request's preparation.
        preparer = new RequestPreparer(encoder, new ModelLimits(1, 1, maxModelLen,
                ModelLimits.blocksFor(maxModelLen), 0), () -> 0);
    }

    /**
     * Connects to workers and waits until one is there.
     *
     * @param encoder the model's text side, which runs here
     * @param patienceNs how long lines wait while no worker is up, before the engine counts as dead
     * @throws InputException if no worker that runs the model answers within half a minute
     */
    public static RemoteEngine connect(
            List<WorkerAddress> addresses, RequestEncoder encoder, WorkerCheck check, long patienceNs) {
        List<Worker> workers = addresses.stream().map(address -> new Worker(address, check)).toList();
        var engine = new RemoteEngine(workers, encoder, check.maxModelLen(), patienceNs);
        engine.prober.start();
        long startNs = System.nanoTime();
        while (workers.stream().noneMatch(Worker::isUp)) {
            if (System.nanoTime() - startNs > CONNECT_NS) {
                engine.close();
                throw new InputException("no worker can be used: "
                        + workers.stream().map(Worker::problem).collect(Collectors.joining("; ")));
            }
            sleep();
        }
        return engine;
    }

    private static void sleep() {
        try {
            TimeUnit.MILLISECONDS.sleep(PROBE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BatchException("interrupted while waiting for workers", e);
        }
    }

    private void probe() {
        while (!isClosed && !isDead) {
            workers.forEach(Worker::probe);
            long nowNs = System.nanoTime();
            if (workers.stream().anyMatch(Worker::isUp)) {
                lastUpNs = nowNs;
                place();
            } else if (nowNs - lastUpNs > patienceNs) {
                die();
            }
            try {
                TimeUnit.MILLISECONDS.sleep(PROBE_MS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void die() {
        isDead = true;
        failAll("no worker is up: " + workers.stream().map(Worker::problem).collect(Collectors.joining("; ")));
    }

    private void failAll(String why) {
        synchronized (homeless) {
            homeless.clear();
        }
        for (Call call : List.copyOf(open)) {
            call.end(GenerationResult.failed(0, call.prepared.asked(), new BatchException(why)));
        }
    }

    @Override
    public void submit(GenerationRequest request, Consumer<GenerationResult> done) {
        try {
            PreparedRequest prepared = preparer.prepare(request);
            GenerateRequest message = RequestMessages.of(name + "-" + nextId.getAndIncrement(), prepared);
            var call = new Call(prepared, message, done);
            open.add(call);
            if (isDead || isClosed) {
                call.end(GenerationResult.failed(0, request, new BatchException("the workers were given up")));
            } else {
                place(call);
            }
        } catch (InputException e) {
            done.accept(GenerationResult.failed(0, request, e));
        }
    }

    /** Gives a call to the worker that has the least to do; keeps it where there is none. */
    private void place(Call call) {
        Worker best = null;
        for (Worker worker : workers) {
            if (worker.isUp() && (best == null || worker.pressure() < best.pressure())) {
                best = worker;
            }
        }
        if (best == null) {
            synchronized (homeless) {
                homeless.add(call);
            }
        } else {
            call.run(best);
        }
    }

    private void place() {
        List<Call> waiting;
        synchronized (homeless) {
            waiting = new ArrayList<>(homeless);
            homeless.clear();
        }
        waiting.forEach(this::place);
    }

    /** A request until it has a result, at one worker after the other if need be. */
    private final class Call {
        private final PreparedRequest prepared;
        private final GenerateRequest message;
        private final Consumer<GenerationResult> done;

        Call(PreparedRequest prepared, GenerateRequest message, Consumer<GenerationResult> done) {
            this.prepared = prepared;
            this.message = message;
            this.done = done;
        }

        void run(Worker worker) {
            int numChoices = prepared.asked().numChoices();
            worker.begin(numChoices);
            var answer = new RemoteAnswer(prepared, encoder.tokenizer());
            worker.generate(message, new StreamObserver<>() {
                @Override
                public void onNext(GenerateResponse response) {
                    if (response.hasComplete()) {
                        answer.add(response.getComplete());
                    }
                }

                @Override
                public void onError(Throwable e) {
                    worker.end(numChoices);
                    failed(worker, Status.fromThrowable(e));
                }

                @Override
                public void onCompleted() {
                    worker.end(numChoices);
                    GenerationResult result = answer.result();
                    end(result != null ? result : error("a worker ended the request before it was done"));
                }
            });
        }

        private GenerationResult error(String message) {
            return GenerationResult.failed(0, prepared.asked(), new BatchException(message));
        }

        private void failed(Worker worker, Status status) {
            if (isClosed) {
                end(error("the job was ended"));
                return;
            }
            String why = status.getDescription() == null ? status.getCode().toString() : status.getDescription();
            switch (status.getCode()) {
                case INVALID_ARGUMENT -> end(GenerationResult.failed(0, prepared.asked(), new InputException(why)));
                case UNAVAILABLE, CANCELLED, UNIMPLEMENTED, DEADLINE_EXCEEDED -> {
                    worker.fail(why);
                    again();
                }
                // Full: whoever has room then.
                case RESOURCE_EXHAUSTED -> again();
                case OK, UNKNOWN, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, ABORTED,
                        OUT_OF_RANGE, INTERNAL, DATA_LOSS, UNAUTHENTICATED -> end(error(why));
            }
        }

        /** With the prober's next round: a worker that refuses at once is not asked at once again. */
        private void again() {
            if (isDead) {
                end(error("the workers were given up"));
                return;
            }
            synchronized (homeless) {
                homeless.add(this);
            }
        }

        void end(GenerationResult result) {
            if (open.remove(this)) {
                done.accept(result);
            }
        }
    }

    @Override
    public int room() {
        int room = 0;
        for (Worker worker : workers) {
            room += Math.max(0, worker.room(IN_FLIGHT_PER_SLOT));
        }
        synchronized (homeless) {
            return room - homeless.size();
        }
    }

    @Override
    public long capacityTokens() {
        long tokens = 0;
        for (Worker worker : workers) {
            tokens += worker.load().getMaxTotalNumTokens();
        }
        return tokens;
    }

    @Override
    public Load load() {
        int running = 0;
        int waiting = 0;
        double usage = 0;
        for (Worker worker : workers) {
            if (worker.isUp()) {
                running += worker.load().getNumRunningReqs();
                waiting += worker.load().getNumWaitingReqs();
                usage = Math.max(usage, worker.load().getTokenUsage());
            }
        }
        return new Load(running, waiting, usage);
    }

    @Override
    public boolean isDead() {
        return isDead;
    }

    @Override
    public void close() {
        isClosed = true;
        prober.interrupt();
        workers.forEach(Worker::close);
        failAll("the job was ended");
    }
}
