package io.penstock.batch.parquet;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.ColumnProjection;
import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchSource;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows of Parquet files, one file after the other, as records. A place is the number of a row. Pages are compressed
 * with zstd, snappy, gzip or not at all; some of each column that is used are held in memory.
 */
final class ParquetSource implements BatchSource {
    private static final Logger LOG = LoggerFactory.getLogger(ParquetSource.class);

    private final List<Part> parts;
    private final long numRows;
    private int part;
    private ParquetFileReader file;
    private RowReader rows;
    private long nextRow;

    /** A file, and where its rows begin among all. */
    private record Part(Path path, RowRecords records, long firstRow) {}

    private ParquetSource(List<Part> parts, long numRows) {
        this.parts = parts;
        this.numRows = numRows;
    }

    /**
     * Looks for the columns in each of the files.
     *
     * @throws InputException if they are no Parquet files, cut off, or have no such columns of such types
     */
    static ParquetSource open(List<Path> files, ParquetColumns columns) {
        List<Part> parts = new ArrayList<>();
        long numRows = 0;
        for (Path each : files) {
            try (ParquetFileReader file = ParquetFileReader.open(InputFile.of(each))) {
                parts.add(new Part(each, RowRecords.of(each, file.getFileSchema(), columns), numRows));
                numRows += file.getFileMetaData().numRows();
            } catch (InputException e) {
                throw e;
            } catch (IOException | RuntimeException e) {
                throw new InputException(each + " cannot be read as Parquet: " + oneLine(e), e);
            }
        }
        return new ParquetSource(parts, numRows);
    }

    /** Rows of all files. */
    long numRows() {
        return numRows;
    }

    @Override
    public BatchRecord next() throws IOException {
        try {
            while (nextRow < numRows) {
                if (rows == null) {
                    openPart();
                }
                if (rows.hasNext()) {
                    rows.next();
                    return parts.get(part).records.record(nextRow++, rows);
                }
                closePart();
                part++;
            }
            return null;
        } catch (IOException | RuntimeException e) {
            throw new IOException(parts.get(part).path + " cannot be read at row "
                    + (nextRow - parts.get(part).firstRow + 1) + ": " + oneLine(e), e);
        }
    }

    private void openPart() throws IOException {
        Part opened = parts.get(part);
        file = ParquetFileReader.open(InputFile.of(opened.path));
        rows = file.buildRowReader()
                .projection(ColumnProjection.columns(opened.records.columns()))
                .skip(nextRow - opened.firstRow)
                .build();
    }

    private void closePart() {
        if (rows == null) {
            return;
        }
        try {
            try {
                rows.close();
            } finally {
                file.close();
            }
        } catch (IOException | RuntimeException e) {
            LOG.debug("a reader that has failed says so again", e);
        }
        rows = null;
        file = null;
    }

    @Override
    public Place place() {
        return new Place(nextRow, nextRow);
    }

    @Override
    public void seek(Place place) throws IOException {
        if (place.position() < 0 || place.position() > numRows) {
            throw new IOException(parts.getFirst().path + " has no row " + (place.position() + 1) + " to go on from: "
                    + numRows + " are there");
        }
        closePart();
        nextRow = place.position();
        part = 0;
        while (part + 1 < parts.size() && parts.get(part + 1).firstRow <= nextRow) {
            part++;
        }
    }

    @Override
    public void close() {
        closePart();
    }

    private static String oneLine(Exception e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return message.lines().findFirst().orElse("");
    }
}
