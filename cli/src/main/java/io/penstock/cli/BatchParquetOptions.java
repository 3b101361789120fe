package io.penstock.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.BatchInput;
import io.penstock.batch.BatchSink;
import io.penstock.batch.parquet.ParquetColumns;
import io.penstock.batch.parquet.ParquetCompression;
import io.penstock.batch.parquet.ParquetInput;
import io.penstock.batch.parquet.ParquetSink;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a batch job whose input or output is Parquet. */
final class BatchParquetOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--column", paramLabel = "NAME",
            description = "Of a Parquet input: the column of prompts. Default: every column is a field of a plain"
                    + " line.")
    private String prompt;

    @Option(names = "--messages-column", paramLabel = "NAME",
            description = "In place of --column: conversations, as lists of structs or JSON arrays.")
    private String messages;

    @Option(names = "--body-column", paramLabel = "NAME",
            description = "In place of --column: bodies of OpenAI requests, as structs or JSON objects.")
    private String body;

    @Option(names = "--parquet-compression", paramLabel = "CODEC", defaultValue = "ZSTD",
            description = "Of a Parquet output: zstd, snappy, gzip or none. Default: zstd.")
    private ParquetCompression compression;

    /** The rows of a file whose name means Parquet; null for another one. */
    BatchInput input(Path file, BatchLineOptions lines) {
        long kinds = Stream.of(prompt, messages, body).filter(Objects::nonNull).count();
        if (!ParquetInput.isParquet(file)) {
            if (kinds > 0) {
                throw wrong("--column, --messages-column and --body-column are for inputs that end in .parquet: use"
                        + " --template for fields of lines");
            }
            return null;
        }
        if (kinds > 1 || kinds == 1 && lines.hasTemplate()) {
            throw wrong("--column, --messages-column, --body-column and --template exclude each other: give one");
        }
        return new ParquetInput(file, new ParquetColumns(prompt, messages, body, lines.idFieldIfNamed()));
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** What makes a Parquet file of the results; null where the output's name does not mean Parquet. */
    BatchSink sink(Path output) {
        return ParquetInput.isParquet(output) ? new ParquetSink(compression) : null;
    }

    /** Adds what results depend on. */
    void describe(ObjectNode settings) {
        settings.put("column", prompt).put("messages_column", messages).put("body_column", body);
    }
}
