package io.penstock.batch.parquet;

import java.util.Objects;
import java.util.stream.Stream;

/**
 * Which columns of a Parquet input make its records; null where there is none of that kind. At most one of the first
 * three is given; with none, a record has every column of the row as a field of that name.
 *
 * @param prompt texts, each of which becomes the field {@code prompt}
 * @param messages conversations as lists of structs or as JSON arrays: the field {@code messages}
 * @param body OpenAI requests for chats or completions, as structs or JSON objects: the field {@code body} of a line of
 *     OpenAI's batch input
 * @param customId names of the records, texts or integers, under their column's name, and in lines of OpenAI's batch
 *     input under {@code custom_id}
 */
public record ParquetColumns(String prompt, String messages, String body, String customId) {
    /** The column of names unless another is named. */
    public static final String CUSTOM_ID = "custom_id";

    /** Every column as it is. */
    public static final ParquetColumns ALL = new ParquetColumns(null, null, null, null);

    public ParquetColumns {
        long kinds = Stream.of(prompt, messages, body).filter(Objects::nonNull).count();
        if (kinds > 1) {
            throw new IllegalArgumentException("prompt " + prompt + ", messages " + messages + ", body " + body);
        }
    }
}
