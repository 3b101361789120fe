package io.penstock.batch.run;

import io.penstock.batch.BatchSource;
import java.util.LinkedHashMap;
import java.util.Map;

/** Records that were read and whose result was not taken, in the order of the input. */
final class Outstanding {
    private final Map<Long, BatchSource.Place> places = new LinkedHashMap<>();
    private BatchSource.Place end;

    Outstanding(BatchSource.Place start) {
        end = start;
    }

    /** @param place where the record begins */
    synchronized void add(long number, BatchSource.Place place) {
        places.put(number, place);
    }

    /** All in front of a place has been read, and nothing behind it. */
    synchronized void readTo(BatchSource.Place place) {
        end = place;
    }

    synchronized void taken(long number) {
        places.remove(number);
    }

    synchronized BatchSource.Place donePlace() {
        return places.isEmpty() ? end : places.values().iterator().next();
    }
}
