package io.penstock.batch.run;

import io.penstock.batch.BatchException;
import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchResult;
import io.penstock.batch.BatchSource;
import io.penstock.batch.RecordKey;
import io.penstock.batch.line.Line;
import io.penstock.batch.line.LineAnswers;
import io.penstock.batch.line.LineFormat;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.util.function.Consumer;

/** Makes work of records: what is done, or another shard's, is passed over; what cannot be run has its result here. */
final class RecordReader {
    private final BatchSource source;
    private final LineFormat format;
    private final PipelineOptions options;
    private final Outstanding outstanding;
    private final Consumer<BatchResult> refused;
    private boolean isAtEnd;

    /** @param refused takes the results of records that no engine is needed for */
    RecordReader(BatchSource source, LineFormat format, PipelineOptions options, Outstanding outstanding,
            Consumer<BatchResult> refused) {
        this.source = source;
        this.format = format;
        this.options = options;
        this.outstanding = outstanding;
        this.refused = refused;
    }

    boolean isAtEnd() {
        return isAtEnd;
    }

    /** Reads one record; null where it makes no work, or there is none. */
    Work read() {
        BatchSource.Place place = source.place();
        BatchRecord record;
        try {
            record = source.next();
        } catch (IOException e) {
            throw new BatchException("the input cannot be read any further: " + e.getMessage()
                    + "; when it can, run the same command again", e);
        }
        isAtEnd = record == null;
        Work work = isAtEnd || options.done().contains(record.number()) ? null : work(record, place);
        outstanding.readTo(source.place());
        return work;
    }

    private Work work(BatchRecord record, BatchSource.Place place) {
        if (record.number() > KeySet.MAX_NUMBER) {
            throw new BatchException("the input has more than " + KeySet.MAX_NUMBER + " lines: split it");
        }
        Line line = format.reader().read(record);
        RecordKey key = switch (line) {
            case Line.Bad(BatchResult result) -> result.key();
            case Line.Asked asked -> asked.key();
        };
        if (!options.shard().owns(key, record.number()) || key != null && options.done().containsResult(key)) {
            return null;
        }
        outstanding.add(record.number(), place);
        if (key != null && !options.done().add(key)) {
            refused.accept(format.reader().duplicate(record.number()));
            return null;
        }
        return switch (line) {
            case Line.Bad(BatchResult result) -> {
                refused.accept(result);
                yield null;
            }
            case Line.Asked asked -> encoded(asked);
        };
    }

    private Work encoded(Line.Asked asked) {
        try {
            LineAnswers.Encoded encoded = format.answers().encode(asked);
            return new Work(encoded.line(), encoded.requests());
        } catch (InputException e) {
            refused.accept(format.answers().refused(asked, e));
            return null;
        }
    }
}
