package io.penstock.serving.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.penstock.serving.grpc.wire.FlushCacheRequest;
import io.penstock.serving.grpc.wire.KvBlock;
import io.penstock.serving.grpc.wire.KvCacheEvent;
import io.penstock.serving.grpc.wire.KvEventBatch;
import io.penstock.serving.grpc.wire.SubscribeKvEventsRequest;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import io.penstock.serving.offline.DemoModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What subscribers are told of cached prefixes. */
class KvEventsTest {
    private DemoServer server;

    @BeforeEach
    void start() {
        server = DemoServer.small();
    }

    @AfterEach
    void end() {
        server.close();
    }

    private void ask(String prompt) {
        server.stub().generate(DemoServer.request("kv", prompt, DemoServer.sampling(1)).build())
                .forEachRemaining(_ -> { });
    }

    /** Waits until more blocks are cached than before; how many. */
    private int awaitCached(int numBefore) throws InterruptedException {
        for (int i = 0; i < 2_000 && server.core.streams().stats().numBlocksCached() <= numBefore; i++) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertTrue(server.core.streams().stats().numBlocksCached() > numBefore);
        return server.core.streams().stats().numBlocksCached();
    }

    /** A subscription, and the cache as it is told of it. */
    private final class Subscription extends ClientCall.Listener<KvEventBatch> {
        final CountDownLatch headers = new CountDownLatch(1);
        final BlockingQueue<KvEventBatch> batches = new LinkedBlockingQueue<>();
        final Map<Long, KvBlock> blocks = new HashMap<>();
        final Map<Long, Long> parents = new HashMap<>();
        final List<KvEventBatch> loads = new ArrayList<>();
        final ClientCall<SubscribeKvEventsRequest, KvEventBatch> call;
        long lastBatch;

        Subscription(SubscribeKvEventsRequest request) throws InterruptedException {
            call = server.channel.newCall(VllmEngineGrpc.getSubscribeKvEventsMethod(), CallOptions.DEFAULT);
            call.start(this, new Metadata());
            call.sendMessage(request);
            call.halfClose();
            call.request(100_000);
            assertTrue(headers.await(20, TimeUnit.SECONDS), "no headers before the first event");
        }

        @Override
        public void onHeaders(Metadata metadata) {
            headers.countDown();
        }

        @Override
        public void onMessage(KvEventBatch batch) {
            batches.add(batch);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {}

        /** Takes what comes until the cache is as large as wanted. */
        void awaitBlocks(int numBlocks) throws InterruptedException {
            while (blocks.size() != numBlocks) {
                KvEventBatch batch = batches.poll(20, TimeUnit.SECONDS);
                assertTrue(batch != null, () -> "still " + blocks.size() + " blocks");
                if (batch.hasLoad()) {
                    loads.add(batch);
                    continue;
                }
                assertTrue(lastBatch == 0 || batch.getSequenceNumber() == lastBatch + 1);
                lastBatch = batch.getSequenceNumber();
                batch.getEventsList().forEach(this::take);
            }
        }

        private void take(KvCacheEvent event) {
            switch (event.getDataCase()) {
                case STORED -> {
                    KvBlock block = event.getStored().getBlocks(0);
                    assertEquals(64, block.getTokenIdsCount());
                    blocks.put(block.getBlockHash(), block);
                    if (event.getStored().hasParentBlockHash()) {
                        long parent = event.getStored().getParentBlockHash();
                        assertTrue(blocks.containsKey(parent), "a child before its parent");
                        parents.put(block.getBlockHash(), parent);
                    }
                }
                case REMOVED -> event.getRemoved().getBlockHashesList().forEach(blocks::remove);
                case CLEARED -> blocks.clear();
                case DATA_NOT_SET -> throw new AssertionError("an event of nothing");
            }
        }
    }

    @Test
    void blocksAreToldAsTheyComeAndGo() throws InterruptedException {
        var subscription = new Subscription(SubscribeKvEventsRequest.getDefaultInstance());
        String prompt = "The fox and the dog. ".repeat(40);
        int[] ids = DemoModel.ENCODER.tokenizer().encode(prompt);
        ask(prompt);
        int numBlocks = ids.length / 64;
        subscription.awaitBlocks(numBlocks);
        long root = subscription.blocks.keySet().stream().filter(key -> !subscription.parents.containsKey(key))
                .findFirst().orElseThrow();
        List<Integer> first = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            first.add(ids[i]);
        }
        assertEquals(first, subscription.blocks.get(root).getTokenIdsList());
        server.stub().flushCache(FlushCacheRequest.getDefaultInstance());
        ask("x");
        subscription.awaitBlocks(0);
        subscription.call.cancel("enough", null);
    }

    @Test
    void lateSubscriberIsToldAllThatIsThere() throws InterruptedException {
        String prompt = "A river runs by the green hill. ".repeat(30);
        ask(prompt);
        int numBlocks = awaitCached(1);
        var late = new Subscription(SubscribeKvEventsRequest.getDefaultInstance());
        late.awaitBlocks(numBlocks);
        long known = late.lastBatch;
        ask("Some other words are told here. ".repeat(30));
        int numMore = awaitCached(numBlocks);
        late.awaitBlocks(numMore);
        var again = new Subscription(SubscribeKvEventsRequest.newBuilder().setStartSequenceNumber(known + 1).build());
        KvEventBatch replayed = again.batches.poll(20, TimeUnit.SECONDS);
        assertEquals(known + 1, replayed.getSequenceNumber());
        late.call.cancel("enough", null);
        again.call.cancel("enough", null);
    }

    @Test
    void loadIsToldOnDemandOnly() throws InterruptedException {
        var with = new Subscription(SubscribeKvEventsRequest.newBuilder().setLoadRecordsBeforeFirstBatch(true).build());
        KvEventBatch first = with.batches.poll(20, TimeUnit.SECONDS);
        assertTrue(first.hasLoad() && first.getLoad().getLoadOnly());
        assertEquals(8, first.getLoad().getMaxRunningRequests());
        var without = new Subscription(SubscribeKvEventsRequest.getDefaultInstance());
        KvEventBatch batch = without.batches.poll(20, TimeUnit.SECONDS);
        assertFalse(batch.hasLoad());
        with.call.cancel("enough", null);
        without.call.cancel("enough", null);
    }
}
