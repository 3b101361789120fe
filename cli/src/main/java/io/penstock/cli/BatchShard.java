package io.penstock.cli;

import io.penstock.batch.run.PipelineOptions;
import io.penstock.runtime.InputException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Which part of a job this process runs: as an option says, or whoever starts many of it. */
record BatchShard(int index, int count) {
    private static final int MOST_SHARDS = 100_000;
    private static final BatchShard ALL = new BatchShard(0, 1);

    /** {@code 3/16}. */
    static BatchShard parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw wrong("--shard", text);
        }
        return of("--shard", text, text.substring(0, slash), text.substring(slash + 1), 0);
    }

    /** As a Kubernetes Indexed Job or a Slurm array says; all where there is neither. */
    static BatchShard of(Map<String, String> environment) {
        String index = environment.get("JOB_COMPLETION_INDEX");
        String count = environment.get("JOB_COMPLETIONS");
        if (index != null) {
            if (count == null) {
                throw new InputException("JOB_COMPLETION_INDEX is set and JOB_COMPLETIONS is not: set it to the job's"
                        + " completions, or give --shard I/N");
            }
            return of("JOB_COMPLETION_INDEX/JOB_COMPLETIONS", index + "/" + count, index, count, 0);
        }
        index = environment.get("SLURM_ARRAY_TASK_ID");
        count = environment.get("SLURM_ARRAY_TASK_COUNT");
        if (index == null || count == null) {
            return ALL;
        }
        String first = environment.getOrDefault("SLURM_ARRAY_TASK_MIN", "0");
        return of("SLURM_ARRAY_TASK_ID/SLURM_ARRAY_TASK_COUNT", index + "/" + count, index, count,
                first.matches("[0-9]{1,6}") ? Integer.parseInt(first) : 0);
    }

    private static BatchShard of(String what, String text, String index, String count, int first) {
        try {
            int i = Integer.parseInt(index.strip()) - first;
            int n = Integer.parseInt(count.strip());
            if (n >= 1 && n <= MOST_SHARDS && i >= 0 && i < n) {
                return new BatchShard(i, n);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(what, text);
    }

    private static InputException wrong(String what, String text) {
        return new InputException(what + " is '" + text + "', and must be I/N with I from 0 to N - 1 and N at most "
                + MOST_SHARDS);
    }

    /** {@code out-00003-of-00016.jsonl} for {@code out.jsonl}; the name itself where this is all. */
    Path nameFor(Path file) {
        if (count == 1) {
            return file;
        }
        String name = file.getFileName().toString();
        int dot = name.indexOf('.', 1);
        int end = dot < 0 ? name.length() : dot;
        return file.resolveSibling(name.substring(0, end) + String.format(Locale.ROOT, "-%05d-of-%05d", index, count)
                + name.substring(end));
    }

    PipelineOptions.Shard toShard() {
        return new PipelineOptions.Shard(index, count);
    }
}
