package io.penstock.bench.loadgen;

import java.util.List;
import java.util.concurrent.ScheduledExecutorService;

/** Sends requests and reports what comes to their records, on event loops of its own. */
public interface LoadClient extends AutoCloseable {
    /** Its event loops; what it reports of one request comes from one of them. */
    List<? extends ScheduledExecutorService> loops();

    /** Sends a request, from any thread; never blocks. Reports to the record until it has ended. */
    void send(LoadRequest request, RequestRecord record);

    /** Ends all that is under way and frees the threads. */
    @Override
    void close();
}
