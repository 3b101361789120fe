package io.penstock.batch.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
    private static final StructType SCHEMA = new StructType(new StructField[] {
        DataTypes.createStructField("q", DataTypes.StringType, true),
        DataTypes.createStructField("n", DataTypes.LongType, true),
        DataTypes.createStructField("x", DataTypes.DoubleType, true),
        DataTypes.createStructField("error", DataTypes.StringType, true),
    });

    private static Map<String, String> with(String... namesAndValues) {
        Map<String, String> options = new HashMap<>(Map.of("model", "some/model", "prompt", "q"));
        for (int i = 0; i < namesAndValues.length; i += 2) {
            if (namesAndValues[i + 1].equals("-")) {
                options.remove(namesAndValues[i]);
            } else {
                options.put(namesAndValues[i], namesAndValues[i + 1]);
            }
        }
        return options;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "modle            | x        | there is no option modle: there are model, ",
        "model            | -        | option model must be given: ",
        "prompt           | -        | give one of the options prompt, messages, body and template",
        "messages         | m        | give one of the options prompt, messages, body and template, not prompt and",
        "max_tokens       | many     | option max_tokens must be an integer, not 'many'",
        "max_tokens       | 0        | max_tokens must be at least 1",
        "temperature      | hot      | option temperature must be a number, not 'hot'",
        "temperature      | -1       | temperature",
        "request          | {a       | option request: not valid JSON",
        "request          | {\"n\":2} | option request: n must be 1",
        "device           | tpu      | option device must be auto, cpu, cuda or cuda:N, not 'tpu'",
        "dtype            | int4     | option dtype must be float32 or bfloat16, not 'int4'",
        "max_num_seqs     | 0        | max_num_seqs must be between 1 and ",
        "threads          | 5000     | threads must be between 0 (all cores) and ",
        "prefix_caching   | maybe    | option prefix_caching must be true or false, not 'maybe'",
        "max_in_flight    | 0        | option max_in_flight must be at least 1, not '0'",
        "gpu_memory_utilization | 2  | gpu_memory_utilization must be above 0 and at most 1",
        "kv_cache_memory_bytes  | x  | ",
    })
    void whatIsWrongIsSaidOnTheDriver(String name, String value, String said) {
        var e = assertThrows(InputException.class, () -> TransformSpec.of(with(name, value)));
        assertTrue(e.getMessage().startsWith(said == null ? "" : said), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "prompt | nowhere | option prompt: there is no column nowhere among q, n, x, error",
        "prompt | n       | option prompt: column n must hold texts, not bigint",
        "id     | x       | option id: column x must hold texts or integers, not double",
    })
    void columnsAreLookedForOnTheDriver(String name, String column, String said) {
        RequestSpec spec = TransformSpec.of(with(name, column)).request();
        assertEquals(said, assertThrows(
                InputException.class, () -> RowRecords.requireColumns(spec, SCHEMA)).getMessage());
    }

    @Test
    void columnsThatAreThereAreNotWrittenOver() {
        var e = assertThrows(InputException.class, () -> RowOutputs.schema(TransformSpec.of(with()), SCHEMA));
        assertTrue(e.getMessage().contains("a column error already"), e.getMessage());
        StructType schema = RowOutputs.schema(
                TransformSpec.of(with("output_prefix", "a_", "response", "true")), SCHEMA);
        assertEquals("q,n,x,error,a_text,a_finish_reason,a_usage,a_error,a_response",
                String.join(",", schema.fieldNames()));
    }

    /** It travels to executors, where equal ones share an engine. */
    @Test
    void whatTravelsArrivesEqual() throws IOException, ClassNotFoundException {
        TransformSpec spec = TransformSpec.of(with("max_num_seqs", "7", "kv_cache_memory_bytes", "1GiB", "top_p",
                "0.5", "request", "{\"stop\": [\"x\"]}", "seed", "3"));
        var bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(spec);
        Object read = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
        assertEquals(spec, read);
        assertEquals(spec.engine().hashCode(), ((TransformSpec) read).engine().hashCode());
    }
}
