package io.penstock.serving.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.memory.BlockListener;
import io.penstock.scheduler.memory.BlockTokens;
import io.penstock.serving.grpc.wire.EngineLoad;
import io.penstock.serving.grpc.wire.KvBlock;
import io.penstock.serving.grpc.wire.KvBlocksRemoved;
import io.penstock.serving.grpc.wire.KvBlocksStored;
import io.penstock.serving.grpc.wire.KvCacheCleared;
import io.penstock.serving.grpc.wire.KvCacheEvent;
import io.penstock.serving.grpc.wire.KvEventBatch;
import io.penstock.serving.grpc.wire.SubscribeKvEventsRequest;
import io.penstock.serving.server.ServingCore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * What becomes of cached prefixes, told to those who subscribe, in batches whose numbers rise by one. The engine hands
 * events over only while somebody is subscribed; all else happens on one event loop. Who comes without a number that
 * is still known is told {@code cleared} and then everything that is cached.
 */
final class KvEventFeed implements BlockListener, AutoCloseable {
    private static final int LEAST_WAITING = 65_536;
    private static final int MAX_BATCH_EVENTS = 256;
    private static final int MAX_KEPT_BATCHES = 1_024;
    private static final long PUMP_MS = 20;
    private static final long LOAD_NS = TimeUnit.SECONDS.toNanos(1);
    private static final double MS = 1e-3;

    private final ServingCore core;
    private final EventExecutor loop;
    private final Supplier<EngineLoad.Builder> load;
    private final int maxWaiting;
    private final ConcurrentLinkedQueue<KvCacheEvent.Builder> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger numWaiting = new AtomicInteger();
    private volatile boolean isLossy;

    // All below is the loop's own.
    private final List<Subscriber> subscribers = new ArrayList<>();
    private final Deque<KvEventBatch> kept = new ArrayDeque<>();
    private long lastBatch;
    private long lastEvent;
    private long numSamples;
    private Future<?> pumping;

    private static final class Subscriber {
        final ServerCallStreamObserver<KvEventBatch> client;
        final boolean wantsLoad;
        long nextBatch;
        long loadNs;

        Subscriber(ServerCallStreamObserver<KvEventBatch> client, boolean wantsLoad, long nextBatch) {
            this.client = client;
            this.wantsLoad = wantsLoad;
            this.nextBatch = nextBatch;
            loadNs = System.nanoTime() - LOAD_NS;
        }
    }

    /** @param load the engine's load now */
    KvEventFeed(ServingCore core, EventExecutor loop, Supplier<EngineLoad.Builder> load) {
        this.core = core;
        this.loop = loop;
        this.load = load;
        maxWaiting = Math.max(LEAST_WAITING, 2 * core.model().resolved().limits().numKvBlocks());
    }

    /** Tells a client from now on, or from a batch that is still known. */
    void subscribe(SubscribeKvEventsRequest request, ServerCallStreamObserver<KvEventBatch> client) {
        client.setOnReadyHandler(() -> loop.execute(() -> send(client)));
        client.setOnCancelHandler(() -> loop.execute(() -> unsubscribe(client)));
        loop.execute(() -> {
            long start = request.getStartSequenceNumber();
            boolean isKnown = start > 0 && !kept.isEmpty() && start >= kept.peekFirst().getSequenceNumber()
                    && start <= lastBatch + 1;
            subscribers.add(new Subscriber(
                    client, request.getLoadRecordsBeforeFirstBatch(), isKnown ? start : lastBatch + 1));
            if (!isKnown) {
                core.streams().engine().listen(this);
            }
            if (pumping == null) {
                pumping = loop.scheduleAtFixedRate(this::pump, 0, PUMP_MS, TimeUnit.MILLISECONDS);
            }
        });
    }

    private void unsubscribe(ServerCallStreamObserver<KvEventBatch> client) {
        subscribers.removeIf(subscriber -> subscriber.client == client);
        if (subscribers.isEmpty() && pumping != null) {
            core.streams().engine().listen(null);
            pumping.cancel(false);
            pumping = null;
            kept.clear();
        }
    }

    private void pump() {
        if (isLossy) {
            isLossy = false;
            core.streams().engine().listen(this);
        }
        for (KvEventBatch batch = nextBatch(); batch != null; batch = nextBatch()) {
            kept.addLast(batch);
            if (kept.size() > MAX_KEPT_BATCHES) {
                kept.removeFirst();
            }
        }
        long nowNs = System.nanoTime();
        for (Subscriber subscriber : List.copyOf(subscribers)) {
            send(subscriber, nowNs);
        }
    }

    private KvEventBatch nextBatch() {
        KvEventBatch.Builder batch = KvEventBatch.newBuilder();
        while (batch.getEventsCount() < MAX_BATCH_EVENTS) {
            KvCacheEvent.Builder event = waiting.poll();
            if (event == null) {
                break;
            }
            numWaiting.decrementAndGet();
            batch.addEvents(event.setEventId(++lastEvent));
        }
        return batch.getEventsCount() == 0 ? null
                : batch.setSequenceNumber(++lastBatch).setTimestamp(System.currentTimeMillis() * MS).build();
    }

    private void send(ServerCallStreamObserver<KvEventBatch> client) {
        for (Subscriber subscriber : subscribers) {
            if (subscriber.client == client) {
                send(subscriber, System.nanoTime());
                return;
            }
        }
    }

    private void send(Subscriber subscriber, long nowNs) {
        if (subscriber.wantsLoad && nowNs - subscriber.loadNs >= LOAD_NS && subscriber.client.isReady()) {
            subscriber.loadNs = nowNs;
            subscriber.client.onNext(KvEventBatch.newBuilder().setSequenceNumber(subscriber.nextBatch - 1)
                    .setTimestamp(System.currentTimeMillis() * MS)
                    .setLoad(load.get().setSample(++numSamples).setLoadOnly(true)).build());
        }
        for (KvEventBatch batch : kept) {
            // A client that reads so slowly that its batches are gone sees a gap in the numbers, and asks again.
            if (batch.getSequenceNumber() >= subscriber.nextBatch) {
                if (!subscriber.client.isReady()) {
                    return;
                }
                subscriber.client.onNext(batch);
                subscriber.nextBatch = batch.getSequenceNumber() + 1;
            }
        }
    }

    @Override
    public void stored(long key, long parentKey, boolean isFirst, BlockTokens tokens, int block) {
        KvBlock.Builder message = KvBlock.newBuilder().setBlockHash(key).setBlockSize(ModelLimits.BLOCK_TOKENS);
        int[] ids = new int[ModelLimits.BLOCK_TOKENS];
        tokens.copy(block, 0, ids, 0, ids.length);
        for (int id : ids) {
            message.addTokenIds(id);
        }
        KvBlocksStored.Builder stored = KvBlocksStored.newBuilder().addBlocks(message);
        if (!isFirst) {
            stored.setParentBlockHash(parentKey);
        }
        offer(KvCacheEvent.newBuilder().setStored(stored));
    }

    @Override
    public void removed(long key) {
        offer(KvCacheEvent.newBuilder().setRemoved(KvBlocksRemoved.newBuilder().addBlockHashes(key)));
    }

    @Override
    public void cleared() {
        offer(KvCacheEvent.newBuilder().setCleared(KvCacheCleared.getDefaultInstance()));
    }

    private void offer(KvCacheEvent.Builder event) {
        if (numWaiting.incrementAndGet() > maxWaiting) {
            numWaiting.decrementAndGet();
            isLossy = true;
        } else {
            waiting.add(event);
        }
    }

    /** Ends all subscriptions. */
    @Override
    public void close() {
        loop.execute(() -> {
            for (Subscriber subscriber : List.copyOf(subscribers)) {
                subscriber.client.onCompleted();
                unsubscribe(subscriber.client);
            }
        });
    }
}
