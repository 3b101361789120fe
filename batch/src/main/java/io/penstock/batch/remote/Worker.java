package io.penstock.batch.remote;

import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.GetLoadsRequest;
import io.penstock.serving.grpc.wire.GetModelInfoRequest;
import io.penstock.serving.grpc.wire.GetModelInfoResponse;
import io.penstock.serving.grpc.wire.GetServerInfoRequest;
import io.penstock.serving.grpc.wire.HealthCheckRequest;
import io.penstock.serving.grpc.wire.SchedulerLoad;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One worker: its connection, whether it can be given lines, and how many it has. */
final class Worker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    private static final int MAX_MESSAGE_BYTES = 256 << 20;
    private static final long PING_SECONDS = 30;
    private static final long PING_TIMEOUT_SECONDS = 10;
    private static final long PROBE_MS = 2_000;

    /** A worker that does not answer so often, in about ten seconds, has lost its lines: others get them. */
    private static final int MISSED_BEFORE_LOST = 5;
    private static final long FIRST_BACKOFF_NS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long MOST_BACKOFF_NS = TimeUnit.SECONDS.toNanos(10);

    private final WorkerAddress address;
    private final WorkerCheck check;
    private final ManagedChannel channel;
    private final AtomicInteger numInFlight = new AtomicInteger();
    private volatile SchedulerLoad load = SchedulerLoad.getDefaultInstance();
    private volatile boolean isUp;
    private volatile String problem = "it was not asked yet";

    /** All calls of ours to it. */
    private volatile Context.CancellableContext calls = Context.ROOT.withCancellation();

    // The prober's own.
    private int numMissed;
    private long backoffNs = FIRST_BACKOFF_NS;
    private long nextProbeNs = System.nanoTime();

    /** @param check says whether what a worker runs is what is wanted */
    Worker(WorkerAddress address, WorkerCheck check) {
        this.address = address;
        this.check = check;
        channel = NettyChannelBuilder.forAddress(address.host(), address.port())
                .usePlaintext()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .keepAliveTime(PING_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(PING_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .build();
    }

    /** Asks how it is, if it is time to; a worker that is down is asked again later each time. */
    void probe() {
        if (System.nanoTime() - nextProbeNs < 0) {
            return;
        }
        try {
            var stub = VllmEngineGrpc.newBlockingStub(channel);
            if (!isUp) {
                channel.resetConnectBackoff();
            }
            var health = within(stub).healthCheck(HealthCheckRequest.getDefaultInstance());
            if (!health.getHealthy()) {
                down("it is not healthy: " + health.getMessage());
                return;
            }
            if (!isUp) {
                GetModelInfoResponse model = within(stub).getModelInfo(GetModelInfoRequest.getDefaultInstance());
                String wrong = check.problem(
                        model, within(stub).getServerInfo(GetServerInfoRequest.getDefaultInstance()));
                if (wrong != null) {
                    down(wrong);
                    return;
                }
            }
            load = within(stub).getLoads(GetLoadsRequest.getDefaultInstance()).getLoads(0);
            up();
        } catch (StatusRuntimeException e) {
            down(e.getStatus().getDescription() == null ? e.getStatus().getCode().toString()
                    : e.getStatus().getDescription());
        }
    }

    private static VllmEngineGrpc.VllmEngineBlockingStub within(VllmEngineGrpc.VllmEngineBlockingStub stub) {
        return stub.withDeadlineAfter(PROBE_MS, TimeUnit.MILLISECONDS);
    }

    private void up() {
        if (!isUp) {
            LOG.info("worker {} is up", address);
        }
        backoffNs = FIRST_BACKOFF_NS;
        numMissed = 0;
        isUp = true;
    }

    private void down(String why) {
        fail(why);
        nextProbeNs = System.nanoTime() + backoffNs;
        backoffNs = Math.min(2 * backoffNs, MOST_BACKOFF_NS);
        numMissed++;
        if (numMissed == MISSED_BEFORE_LOST) {
            Context.CancellableContext lost = calls;
            calls = Context.ROOT.withCancellation();
            lost.cancel(null);
        }
    }

    /** It gets no more lines until it answers again. */
    synchronized void fail(String why) {
        problem = why;
        if (isUp) {
            LOG.warn("worker {} is down: {}", address, why);
        }
        isUp = false;
    }

    boolean isUp() {
        return isUp;
    }

    /** Why it is down. */
    String problem() {
        return address + ": " + problem;
    }

    void generate(GenerateRequest request, StreamObserver<GenerateResponse> answers) {
        calls.run(() -> VllmEngineGrpc.newStub(channel).generate(request, answers));
    }

    void begin(int numChoices) {
        numInFlight.addAndGet(numChoices);
    }

    void end(int numChoices) {
        numInFlight.addAndGet(-numChoices);
    }

    int numInFlight() {
        return numInFlight.get();
    }

    SchedulerLoad load() {
        return load;
    }

    /** What is under way there, ours and others', to what can run at once: the least is given the next line. */
    double pressure() {
        return Math.max(numInFlight.get(), load.getNumTotalReqs()) / (double) Math.max(1, load.getMaxRunningRequests());
    }

    /** How many more choices keep it busy: some may wait, so that a place that falls free is taken at once. */
    int room(int inFlightPerSlot) {
        int others = Math.max(0, load.getNumTotalReqs() - numInFlight.get());
        return !isUp ? 0 : inFlightPerSlot * load.getMaxRunningRequests() - numInFlight.get() - others;
    }

    @Override
    public void close() {
        calls.cancel(null);
        channel.shutdownNow();
    }
}
