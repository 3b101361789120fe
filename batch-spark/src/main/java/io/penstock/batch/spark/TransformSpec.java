package io.penstock.batch.spark;

import io.penstock.runtime.InputException;
import java.io.Serializable;
import java.util.Map;

/**
 * All that a transform was told, checked.
 *
 * @param outputPrefix in front of the names of the columns that are added
 * @param withResponse whether the whole answer is a column, too
 * @param maxInFlight rows that a task has on their way; null for its share
 */
record TransformSpec(EngineSpec engine, RequestSpec request, String outputPrefix, boolean withResponse,
        Integer maxInFlight) implements Serializable {

    /** @throws InputException in one line that names the option */
    static TransformSpec of(Map<String, String> options) {
        var values = new OptionValues(options);
        Integer maxInFlight = values.integer(TransformOption.MAX_IN_FLIGHT);
        if (maxInFlight != null && maxInFlight < 1) {
            throw values.wrong(TransformOption.MAX_IN_FLIGHT, "at least 1", null);
        }
        return new TransformSpec(EngineSpec.of(values), RequestSpec.of(values),
                values.text(TransformOption.OUTPUT_PREFIX, ""), values.flag(TransformOption.RESPONSE, false),
                maxInFlight);
    }
}
