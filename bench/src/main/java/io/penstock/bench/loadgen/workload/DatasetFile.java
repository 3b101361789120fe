package io.penstock.bench.loadgen.workload;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.runtime.InputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** A file of prompts, as JSON lines or as one JSON array. */
final class DatasetFile {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private final WorkloadOptions options;

    DatasetFile(WorkloadOptions options) {
        if (options.path() == null) {
            throw new InputException("this dataset is a file: give --dataset-path FILE");
        }
        this.options = options;
    }

    /** An entry with its place, for messages. */
    record Entry(Path file, int number, JsonNode json) {
        InputException wrong(String why) {
            return new InputException(file + " entry " + number + ": " + why);
        }
    }

    /** Its entries: the elements of an array, or one a line. */
    List<Entry> entries() {
        Path path = options.path();
        List<Entry> entries = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(path)) {
            reader.mark(1);
            int first = reader.read();
            reader.reset();
            if (first == '[') {
                JSON.readTree(reader).forEach(json -> entries.add(new Entry(path, entries.size() + 1, json)));
            } else {
                lines(reader, entries);
            }
        } catch (NoSuchFileException e) {
            throw new InputException("there is no file " + path + ": correct --dataset-path", e);
        } catch (JsonProcessingException e) {
            throw new InputException(path + " is no JSON array: " + e.getOriginalMessage(), e);
        } catch (CharacterCodingException e) {
            throw new InputException(path + " is not UTF-8: is it a dataset?", e);
        } catch (IOException e) {
            throw new InputException("cannot read " + path + ": " + e.getMessage(), e);
        }
        if (entries.isEmpty()) {
            throw new InputException(path + " has no entries");
        }
        return entries;
    }

    private void lines(BufferedReader reader, List<Entry> entries) throws IOException {
        int number = 0;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            try {
                entries.add(new Entry(options.path(), number, JSON.readTree(line)));
            } catch (JsonProcessingException e) {
                throw new InputException(options.path() + " line " + number + " is no JSON: " + e.getOriginalMessage(),
                        e);
            }
        }
    }

    /** As many as are wanted, shuffled and repeated as the options have it. */
    <T> List<T> taken(List<T> all) {
        if (all.isEmpty()) {
            throw new InputException(options.path() + " has no prompt that can be used");
        }
        List<T> order = new ArrayList<>(all);
        if (options.file().isShuffled()) {
            Collections.shuffle(order, new Random(options.seed()));
        }
        List<T> taken = new ArrayList<>();
        int number = options.file().isRepeated() ? options.numPrompts() : Math.min(options.numPrompts(), order.size());
        for (int i = 0; i < number; i++) {
            taken.add(order.get(i % order.size()));
        }
        return taken;
    }
}
