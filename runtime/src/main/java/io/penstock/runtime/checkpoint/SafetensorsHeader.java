package io.penstock.runtime.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The header of a safetensors file, checked: the tensors cover the data without gap, overlap or remainder. */
final class SafetensorsHeader {
    private static final String METADATA = "__metadata__";
    private static final Map<String, Integer> BITS = Map.ofEntries(
            Map.entry("BOOL", 8), Map.entry("U8", 8), Map.entry("I8", 8), Map.entry("U16", 16), Map.entry("I16", 16),
            Map.entry("U32", 32), Map.entry("I32", 32), Map.entry("U64", 64), Map.entry("I64", 64),
            Map.entry("F16", 16), Map.entry("BF16", 16), Map.entry("F32", 32), Map.entry("F64", 64),
            Map.entry("C64", 64), Map.entry("F4", 4), Map.entry("F6_E2M3", 6), Map.entry("F6_E3M2", 6),
            Map.entry("F8_E4M3", 8), Map.entry("F8_E5M2", 8), Map.entry("F8_E8M0", 8));

    /** A tensor's place; {@code begin} and {@code end} are bytes from the start of the data. */
    record Entry(String name, String dtype, long[] shape, long begin, long end) {}

    private final String source;
    private final long dataBytes;

    private SafetensorsHeader(String source, long dataBytes) {
        this.source = source;
        this.dataBytes = dataBytes;
    }

    /** Entries by name, in the order of their data. */
    static Map<String, Entry> parse(byte[] json, long dataBytes, String source) {
        return new SafetensorsHeader(source, dataBytes).parse(StrictJson.parseObject(json, source + ": header"));
    }

    private Map<String, Entry> parse(ObjectNode header) {
        var entries = new ArrayList<Entry>();
        for (var field : header.properties()) {
            if (field.getKey().equals(METADATA)) {
                checkMetadata(field.getValue());
            } else {
                entries.add(entry(field.getKey(), field.getValue()));
            }
        }
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        checkCoverage(entries);
        var byName = LinkedHashMap.<String, Entry>newLinkedHashMap(entries.size());
        entries.forEach(entry -> byName.put(entry.name(), entry));
        return Collections.unmodifiableMap(byName);
    }

    private void checkMetadata(JsonNode metadata) {
        boolean valid = metadata.isObject() && metadata.valueStream().allMatch(JsonNode::isTextual);
        if (!valid) {
            throw new InputException(source + ": header: " + METADATA + " must be an object of strings");
        }
    }

    private Entry entry(String name, JsonNode value) {
        JsonNode dtype = value.path("dtype");
        if (!dtype.isTextual()) {
            throw broken(name, "has no dtype");
        }
        long[] shape = nonNegativeLongs(name, value, "shape");
        long[] offsets = nonNegativeLongs(name, value, "data_offsets");
        if (offsets.length != 2 || offsets[0] > offsets[1]) {
            throw broken(name, "data_offsets " + value.get("data_offsets") + " are not a begin and an end");
        }
        var entry = new Entry(name, dtype.textValue(), shape, offsets[0], offsets[1]);
        if (entry.end() > dataBytes) {
            throw broken(name, "ends at byte " + entry.end() + " of the data, but the file holds only " + dataBytes
                    + "; the file is truncated, fetch it again");
        }
        checkLength(entry);
        return entry;
    }

    private long[] nonNegativeLongs(String name, JsonNode entry, String key) {
        JsonNode list = entry.path(key);
        if (!list.isArray()) {
            throw broken(name, "has no " + key);
        }
        var longs = new long[list.size()];
        for (int i = 0; i < longs.length; i++) {
            JsonNode value = list.get(i);
            if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
                throw broken(name, key + " holds " + StrictJson.quote(value.toString()));
            }
            longs[i] = value.longValue();
        }
        return longs;
    }

    private void checkLength(Entry entry) {
        Integer bits = BITS.get(entry.dtype());
        if (bits == null) {
            return;
        }
        long length = entry.end() - entry.begin();
        boolean fits;
        try {
            long totalBits = Math.multiplyExact(TensorData.numElements(entry.shape()), bits);
            fits = totalBits % 8 == 0 && totalBits / 8 == length;
        } catch (ArithmeticException e) {
            fits = false;
        }
        if (!fits) {
            throw broken(entry.name(), describe(entry) + " does not fill its " + length + " bytes");
        }
    }

    private void checkCoverage(List<Entry> entries) {
        long end = 0;
        for (Entry entry : entries) {
            if (entry.begin() < end) {
                throw broken(entry.name(), "begins at byte " + entry.begin() + " of the data and overlaps the tensor "
                        + "before it, which ends at " + end);
            }
            if (entry.begin() > end) {
                throw broken(entry.name(), "begins at byte " + entry.begin() + " of the data and leaves a gap behind "
                        + end);
            }
            end = entry.end();
        }
        if (end != dataBytes) {
            throw new InputException(source + ": " + (dataBytes - end) + " bytes behind the last tensor");
        }
    }

    /** Type and shape for a message, such as {@code BF16 [2, 3]}. */
    static String describe(Entry entry) {
        return StrictJson.quote(entry.dtype()).replace("'", "") + " " + Arrays.toString(entry.shape());
    }

    private InputException broken(String name, String what) {
        return new InputException(source + ": tensor " + StrictJson.quote(name) + " " + what);
    }
}
