package io.penstock.batch.spark;

import io.penstock.batch.BatchResult;
import io.penstock.batch.line.Line;
import io.penstock.batch.line.LineAnswers;
import io.penstock.batch.line.LineFormat;
import io.penstock.batch.line.LineOptions;
import io.penstock.runtime.InputException;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.offline.GenerationResult;
import java.util.List;
import org.apache.spark.sql.Row;

/** Reads and answers the rows of one partition as lines of a batch job. One task's. */
final class RowLines {
    private final RowRecords records;
    private final RowOutputs outputs;
    private final LineFormat format;
    private long nextNumber;

    RowLines(RowRecords records, RowOutputs outputs, RequestEncoder encoder, LineOptions options) {
        this.records = records;
        this.outputs = outputs;
        format = LineFormat.of(encoder, options);
    }

    /** What is asked for by a row; a row that cannot be run is answered already. */
    Pipeline.Asked<Row> ask(Row row) {
        return switch (format.reader().read(records.record(nextNumber++, row))) {
            case Line.Bad(BatchResult result) -> ready(row, result);
            case Line.Asked line -> ask(row, line);
        };
    }

    private Pipeline.Asked<Row> ask(Row row, Line.Asked line) {
        try {
            LineAnswers.Encoded encoded = format.answers().encode(line);
            return new Pipeline.Asked.Open<>(
                    encoded.requests(), results -> outputs.row(row, result(encoded.line(), results)));
        } catch (InputException e) {
            return ready(row, format.answers().refused(line, e));
        }
    }

    private Pipeline.Asked<Row> ready(Row row, BatchResult result) {
        return new Pipeline.Asked.Ready<>(outputs.row(row, result));
    }

    private BatchResult result(Line.Asked line, List<GenerationResult> results) {
        for (GenerationResult result : results) {
            if (result.error() instanceof InputException refusal) {
                return format.answers().refused(line, refusal);
            }
        }
        return format.answers().answered(line, results);
    }
}
