package io.penstock.batch.spark;

import io.penstock.runtime.InputException;
import java.util.Arrays;
import java.util.Locale;

/** What a transform can be told, by the names that Java, Python and the command line share. */
enum TransformOption {
    MODEL("A checkpoint's directory on every executor or among Spark's --archives and --files, or ORG/NAME[@REVISION]"
            + " in each executor's hub cache."),
    CHAT_TEMPLATE("A template's file, or lfm2 or lfm2.5, instead of the checkpoint's own."),
    PROMPT("The column of prompts: texts, each of which becomes a user's message."),
    MESSAGES("The column of conversations: lists of structs with role and content, or texts with JSON arrays."),
    BODY("The column of OpenAI requests for chats or completions: structs, or texts with JSON objects."),
    TEMPLATE("A prompt with columns in it, as in 'Summarize: {body}'."),
    ID("The column that names a row; its seed comes from it. Default: the row's own content."),
    SYSTEM("The system message in front of prompts."),
    RAW("true: no chat template, the model continues the prompt as it is."),
    REQUEST("More fields of an OpenAI request for every row, as a JSON object."),
    TEMPERATURE("0 takes the most likely token each time."),
    TOP_P("Only the most likely tokens that make up this probability."),
    TOP_K("Only so many of the most likely tokens."),
    MIN_P("Only tokens with at least this share of the largest probability."),
    MAX_TOKENS("The longest output."),
    SEED("A row's seed is made of this and its name. Default: 0."),
    OUTPUT_PREFIX("In front of the names of the columns that are added."),
    RESPONSE("true: adds a column response with the whole answer as OpenAI's JSON."),
    DEVICE("auto, cpu, cuda or cuda:N. Default: auto, the GPU that Spark gives the task, else the CPU."),
    DTYPE("On the CPU: float32, or bfloat16 to round where a GPU's kernels round. Default: float32."),
    THREADS("CPU threads of an engine. Default: all of the executor's cores."),
    GPU_MEMORY_UTILIZATION("The share of the GPU's memory that may be used. Default: 0.9."),
    MAX_NUM_SEQS("Sequences that run at once. Default: 2048 on a GPU, 64 on the CPU."),
    MAX_NUM_BATCHED_TOKENS("Tokens computed in one step. Default: 8192 on a GPU, 1024 on the CPU."),
    MAX_MODEL_LEN("Tokens of one sequence, prompt and output. Default: 4096."),
    KV_CACHE_MEMORY_BYTES("Memory for KV blocks, such as 4GiB. Default: what the GPU has left."),
    PREFIX_CACHING("false: computes each prompt in full, even if it begins as another."),
    MAX_IN_FLIGHT("Rows that a task has on their way. Default: its share of twice max_num_seqs.");

    private final String description;

    TransformOption(String description) {
        this.description = description;
    }

    String optionName() {
        return name().toLowerCase(Locale.ROOT);
    }

    String description() {
        return description;
    }

    /** @throws InputException if there is none of that name */
    static TransformOption named(String name) {
        return Arrays.stream(values())
                .filter(option -> option.optionName().equals(name))
                .findFirst()
                .orElseThrow(() -> new InputException("there is no option " + name + ": there are "
                        + String.join(", ", Arrays.stream(values()).map(TransformOption::optionName).toList())));
    }
}
