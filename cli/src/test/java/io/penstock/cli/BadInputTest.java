package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a user does wrong is one line that names the thing and what to do, an exit code, and nothing else. */
class BadInputTest {
    @TempDir
    private static Path folder;

    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private static Arguments bad(int exitCode, String message, String... args) {
        return Arguments.of(String.join(" ", args), exitCode, message, "", args);
    }

    /** A prompt is given, so that only the option is wrong. */
    private static Arguments badOption(String message, String... options) {
        List<String> args = new ArrayList<>(List.of("generate", "Hello"));
        args.addAll(List.of(options));
        return bad(USAGE, message, args.toArray(String[]::new));
    }

    static Stream<Arguments> options() {
        return Stream.of(
                badOption("Unknown options: '--temprature', '1' (did you mean --temperature?)", "--temprature", "1"),
                badOption("Invalid value for option '--temperature': 'hot'", "--temperature", "hot"),
                badOption("temperature must be between 0 and 100, not -1.0", "--temperature", "-1"),
                badOption("temperature must be between 0 and 100, not NaN", "--temperature", "NaN"),
                badOption("top_p must be above 0 and at most 1, not 1.5", "--top-p", "1.5"),
                badOption("top_k must be at least -1, not -2", "--top-k", "-2"),
                badOption("min_p must be between 0 and 1, not 2.0", "--min-p", "2"),
                badOption("repetition_penalty must be greater than 0, not 0.0", "--repetition-penalty", "0"),
                badOption("presence_penalty must be between -2 and 2, not 3.0", "--presence-penalty", "3"),
                badOption("frequency_penalty must be between -2 and 2, not -3.0", "--frequency-penalty", "-3"),
                badOption("max_tokens must be at least 1, not 0", "--max-tokens", "0"),
                badOption("Invalid value for option '--max-tokens'", "--max-tokens", "99999999999"),
                badOption("min_tokens must be between 0 and max_tokens (2), not 3",
                        "--max-tokens", "2", "--min-tokens", "3"),
                badOption("n must be between 1 and 128, not 0", "-n", "0"),
                badOption("stop must not hold an empty string", "--stop", ""),
                badOption("Invalid value for option '--logit-bias'", "--logit-bias", "seven"),
                badOption("logit_bias values must be between -100 and 100", "--logit-bias", "7:101"),
                badOption("Invalid value for option '--allowed-token-ids'", "--allowed-token-ids", "a,b"),
                badOption("--logprobs needs --json", "--logprobs", "2"),
                badOption("top_logprobs must be between 0 and 20, not 21", "--logprobs", "21", "--json"),
                badOption("Invalid value for option '--dtype'", "--dtype", "int4"),
                badOption("--device must be auto, cpu, cuda, cuda:N, " + Devices.EMULATORS + ", not 'tpu'",
                        "--device", "tpu"),
                badOption("--device must be auto, cpu, cuda, cuda:N, " + Devices.EMULATORS + ", not 'emulator:sm_70'",
                        "--device", "emulator:sm_70"),
                badOption("--threads must be between 1 and 1024, not 0", "--threads", "0"),
                badOption("--max-model-len must be at least 1, not 0", "--max-model-len", "0"),
                badOption("--max-num-batched-tokens must be between", "--max-num-batched-tokens", "0"),
                badOption("Invalid value for option '--load-format'", "--load-format", "gguf"),
                badOption("--system does not go with --raw", "--raw", "--system", "x"),
                badOption("give one of PROMPT, --file, --body and --input", "--file", "x"),
                badOption("Unmatched argument", "again"),
                badOption("give one of PROMPT, --file, --body and --input", "--input", "x"),
                badOption("--output needs --input", "--output", "x"),
                badOption("--max-num-seqs must be between 1 and 8192, not 0", "--max-num-seqs", "0"),
                badOption("--max-num-seqs must be between 1 and 8192, not 9000", "--max-num-seqs", "9000"),
                badOption("--num-snapshots must be at least 0, not -1", "--num-snapshots", "-1"),
                badOption("Invalid value for option '--preset'", "--preset", "fast"),
                badOption("Invalid value for option '--kv-cache-memory-bytes'", "--kv-cache-memory-bytes", "lots"),
                badOption("Invalid value for option '--swap-space'", "--swap-space", "4 pints"),
                bad(USAGE, "--stats is for one prompt", "generate", "--input", "x", "--stats"),
                bad(USAGE, "--logprobs needs --json", "generate", "--input", "x", "--logprobs", "1"),
                bad(USAGE, "temperature must be between 0 and 100, not -1.0",
                        "generate", "--input", "-", "--temperature", "-1"),
                bad(USAGE, "Missing required parameter: 'ORG/NAME[@REVISION]'", "pull"),
                bad(USAGE, "Missing required option: '--tokens=IDS'", "debug", "logits"),
                bad(USAGE, "Invalid value for option '--tokens'", "debug", "logits", "--tokens", "1,x"),
                bad(USAGE, "--max-tokens must be between 0 and 4096, not -1",
                        "debug", "logits", "--tokens", "1", "--max-tokens", "-1"),
                bad(USAGE, "temperature must be between 0 and 100", "chat", "--temperature", "-1"),
                bad(USAGE, "--device must be cuda, cuda:N, " + Devices.EMULATORS + ", not 'tpu'",
                        "gpu-check", "--device", "tpu"),
                bad(USAGE, "--device must be cuda, cuda:N, " + Devices.EMULATORS + ", not 'cuda:x'",
                        "gpu-check", "--device", "cuda:x"),
                bad(USAGE, "--only: there is no operation 'dropout', there are copy_blocks, ",
                        "gpu-check", "--only", "add,dropout"),
                bad(USAGE, "--requests must be between 0 and 1000000, not -1", "gpu-check", "--requests", "-1"),
                bad(USAGE, "--results does not go with --no-results",
                        "gpu-check", "--results", "x.jsonl", "--no-results"),
                bad(USAGE, "Invalid value for option '--seed': 'x'", "gpu-check", "--seed", "x"),
                bad(USAGE, "there is no command 'genrate'", "genrate"));
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                bad(FAILED, "no GPU to check: ", "gpu-check", "--device", "cuda:999"),
                bad(FAILED, "--device cuda:999: ", "generate", "Hello", "--device", "cuda:999"),
                bad(USAGE, "--threads is for the CPU", "chat", "--device", "emulator", "--threads", "2"),
                bad(USAGE, "--overlap is for GPUs", "chat", "--device", "cpu", "--overlap"),
                bad(USAGE, "--pdl is for GPUs", "chat", "--device", "cpu", "--pdl"),
                bad(FAILED, "programmatic dependent launches need compute capability 9.0, and the emulator has 8.0;"
                        + " leave --pdl out", "generate", "Hello", "--device", "emulator", "--pdl"),
                bad(USAGE, "--pdl is timed on a GPU", "bench", "step", "--device", "emulator", "--pdl",
                        "--load-format", "dummy", "--shape", "penstock-demo"),
                bad(USAGE, "--overlap-rows must be at least 1, not 0", "chat", "--overlap", "--overlap-rows", "0"),
                bad(USAGE, "--overlap-rows needs --overlap", "plan", "--overlap-rows", "8"),
                bad(USAGE, "--overlap is for decode steps on a GPU", "bench", "step", "--device", "emulator",
                        "--overlap", "--load-format", "dummy", "--shape", "penstock-demo"),
                bad(USAGE, "--dtype float32 is for the CPU", "chat", "--device", "cuda", "--dtype", "float32"),
                badOption("--gpu-memory-utilization must be above 0", "--gpu-memory-utilization", "1.5"),
                bad(FAILED, "logit_bias must hold token ids between 0 and 4055, not 4096",
                        "generate", "Hello", "--logit-bias", "4096:1"),
                bad(FAILED, "stop_token_ids must hold token ids between",
                        "generate", "Hello", "--stop-token-ids", "5000"),
                bad(FAILED, "max_tokens must be at most", "generate", "Hello", "--max-tokens", "5000"),
                bad(FAILED, "--max-model-len 5000 is more than the 4096 tokens",
                        "generate", "Hello", "--max-model-len", "5000"),
                bad(FAILED, "the prompt has ", "generate", "Hello", "--max-model-len", "3"),
                bad(FAILED, "128 choices of 128000 tokens are more", "generate", "Hello", "-n", "128",
                        "--load-format", "dummy", "--shape", "lfm2.5-8b-a1b", "--max-model-len", "128000"),
                bad(FAILED, "the prompt has ", "generate", "word ".repeat(5000)),
                bad(FAILED, "a sequence of 4096 tokens (max_model_len) needs 64 KV blocks", "generate", "Hello",
                        "--kv-cache-memory-bytes", "1MiB"),
                bad(FAILED, "swap space of ", "generate", "Hello", "--swap-space", "900TiB"),
                bad(FAILED, "--max-model-len 5000 is more than", "generate", "--input", "-", "--max-model-len", "5000"),
                bad(FAILED, "standard input has no prompts", "generate", "--input", "-"),
                bad(FAILED, "PROMPT is empty", "generate", " "),
                bad(FAILED, "standard input is empty", "generate"),
                bad(FAILED, "standard input is empty", "generate", "-"),
                bad(FAILED, "unknown model shape", "generate", "Hello", "--load-format", "dummy", "--shape", "gpt-9"),
                bad(FAILED, "--shape has no weights to read", "generate", "Hello", "--shape", "lfm2-350m"),
                bad(FAILED, "--tokens: id 4096 is not one of the model's: 0 to 4095",
                        "debug", "logits", "--tokens", "4096"),
                bad(FAILED, "--tokens: id -1 is not", "debug", "logits", "--tokens", "-1"),
                bad(FAILED, "'nameonly' is not a model on a hub", "pull", "nameonly"),
                bad(FAILED, "model name 'a--b' is not one a hub can have", "pull", "org/a--b"),
                bad(FAILED, "model revision '../x' is not", "pull", "org/name@../x"),
                bad(FAILED, "org/name is not complete in the cache", "pull", "org/name"),
                bad(FAILED, "org/name is neither a directory nor downloaded: run penstock pull org/name",
                        "generate", "Hello", "--model", "org/name"));

    }

    static Stream<Arguments> plans() {
        return Stream.of(
                bad(USAGE, "give the memory to plan for", "plan"),
                bad(USAGE, "give the memory to plan for", "plan", "--gpu", "h100", "--device-memory", "80GB"),
                bad(USAGE, "unknown GPU 'h1000'", "plan", "--gpu", "h1000"),
                bad(USAGE, "'lots' is not a memory size", "plan", "--device-memory", "lots"),
                bad(USAGE, "--gpu-memory-utilization must be above 0", "plan", "--gpu", "h100",
                        "--gpu-memory-utilization", "1.1"),
                bad(USAGE, "--max-num-seqs must be between 1", "plan", "--gpu", "h100", "--max-num-seqs", "0"),
                bad(FAILED, "does not fit: the weights take 15.8 GiB", "plan", "--shape", "lfm2.5-8b-a1b",
                        "--device-memory", "16GiB"),
                bad(FAILED, "max_model_len 999999 is more than the 128000", "plan", "--shape", "lfm2.5-8b-a1b",
                        "--gpu", "h100", "--max-model-len", "999999"),
                bad(FAILED, "unknown model shape 'x'", "plan", "--shape", "x", "--gpu", "h100"));
    }

    static Stream<Arguments> simulations() {
        return Stream.of(
                bad(USAGE, "give --scenario NAME; --list shows all", "bench", "simulate"),
                bad(USAGE, "no predictions for 'l40s': there are [h200, h100]", "bench", "predict", "--device", "l40s"),
                bad(USAGE, "unknown model shape 'x'", "bench", "predict", "--shape", "x"),
                bad(USAGE, "--batch must be between 1 and 131072, not 0", "bench", "predict", "--batch", "0"),
                bad(USAGE, "unknown scenario 'rush_hour': known are uniform_512, closed_loop_1024_256",
                        "bench", "simulate", "--scenario", "rush_hour"),
                badSimulation(USAGE, "unknown device 'b300': known are h200, h100", "--device", "b300"),
                badSimulation(USAGE, "unknown model shape 'x'", "--shape", "x"),
                badSimulation(USAGE, "--seqs must be between 1 and 16384, not 0", "--seqs", "0"),
                badSimulation(USAGE, "--num-prompts must be between 1 and 1000000, not 0", "--num-prompts", "0"),
                badSimulation(USAGE, "--max-num-batched-tokens must be between 1", "--max-num-batched-tokens", "-1"),
                badSimulation(USAGE, "--kv-blocks must be between 1", "--kv-blocks", "0"),
                badSimulation(USAGE, "--swap-gib must be between 0 and 4096, not -1.0", "--swap-gib", "-1"),
                badSimulation(USAGE, "--host-ms must be between 0 and 1000, not NaN", "--host-ms", "NaN"),
                badSimulation(USAGE, "--max-queued-requests must be between 1", "--max-queued-requests", "0"),
                badSimulation(USAGE, "--efficiency must be above 0 and at most 1, not 1.5", "--efficiency", "1.5"),
                badSimulation(USAGE, "Invalid value for option '--preset'", "--preset", "fast"),
                badSimulation(USAGE, "Invalid value for option '--seed'", "--seed", "x"),
                badSimulation(FAILED, "scenario uniform_512 has sequences of ", "--kv-blocks", "3"),
                bad(FAILED, "scenario long_8192_2048 has sequences of 10240 tokens and penstock-demo takes 4096",
                        "bench", "simulate", "--scenario", "long_8192_2048", "--shape", "penstock-demo"),
                badSimulation(FAILED, "does not fit: weights, conv slots", "--device", "rtx4090", "--seqs", "16384"));
    }

    private static Arguments badSimulation(int exitCode, String message, String... options) {
        List<String> args = new ArrayList<>(List.of("bench", "simulate", "--scenario", "uniform_512"));
        args.addAll(List.of(options));
        return bad(exitCode, message, args.toArray(String[]::new));
    }

    static Stream<Arguments> files() {
        var files = new BrokenFiles(folder);
        String latin1 = files.bytes("latin1.txt", new byte[] {'c', 'a', 'f', (byte) 0xE9});
        String empty = files.text("empty.txt", "\n");
        return Stream.of(
                bad(FAILED, files.absent() + " does not exist", "generate", "--file", files.absent()),
                bad(FAILED, files.folder() + " is a directory", "generate", "--file", files.folder()),
                bad(FAILED, latin1 + " is not UTF-8 at byte 3", "generate", "--file", latin1),
                bad(FAILED, empty + " is empty", "generate", "--file", empty),
                bad(FAILED, files.folder() + " is a directory: give --results the file",
                        "gpu-check", "--results", files.folder()),
                bad(FAILED, files.absent() + " does not exist", "generate", "--body", files.absent()),
                bad(FAILED, files.absent() + " does not exist", "generate", "--input", files.absent()),
                bad(FAILED, files.folder() + " is a directory", "generate", "--input", files.folder()),
                bad(FAILED, empty + " has no prompts", "generate", "--input", empty),
                bad(FAILED, latin1 + " is not UTF-8 behind line 0", "generate", "--input", latin1),
                bad(FAILED, latin1 + " is there already: give another name", "generate", "--input", latin1,
                        "--output", latin1),
                bad(FAILED, files.absent() + "/out cannot be written: there is no folder", "generate", "--input",
                        latin1, "--output", files.absent() + "/out"),
                badBody(files, "cut", "{\"messages\": [", ": not valid JSON"),
                badBody(files, "list", "[]", ""),
                badBody(files, "none", "{}", ": messages must be an array of at least one message"),
                badBody(files, "type", "{\"messages\": \"Hello\"}", ": messages must be an array, not \"Hello\""),
                badBody(files, "role", "{\"messages\": [{\"role\": \"me\", \"content\": \"x\"}]}",
                        ": messages[0].role must be one of"),
                badBody(files, "heat", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}],"
                        + " \"temperature\": \"1\"}",
                        ": temperature must be a number, not \"1\""),
                badBody(files, "tools", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"tools\": {}}",
                        ": tools must be an array"),
                bad(FAILED, "structured_outputs.json: the schema at its root: keyword \"not\" is not supported",
                        "generate", "Hello", "--json-schema", files.text("schema.json", "{\"not\": {}}")),
                bad(FAILED, "structured_outputs.regex: the regular expression is not usable at character 3:",
                        "generate", "Hello", "--regex", "(?=a)"),
                bad(FAILED, files.absent(), "generate", "Hello", "--json-schema", files.absent()),
                bad(FAILED, files.absent(), "generate", "Hello", "--chat-template", files.absent()),
                bad(FAILED, files.text("open.jinja", "{% for m in messages %}"), "generate", "Hello", "--chat-template",
                        folder.resolve("open.jinja").toString()));
    }

    private static Arguments badBody(BrokenFiles files, String name, String content, String message) {
        String file = files.text(name + ".json", content);
        return bad(FAILED, file + message, "generate", "--body", file);
    }

    static Stream<Arguments> models() {
        var files = new BrokenFiles(folder);
        String file = files.text("model.bin", "x");
        return Stream.of(
                badModel("there is no directory " + files.absent(), files.absent()),
                badModel(file + " is not a directory; give the directory", file),
                badModel(files.folder() + "/config.json does not exist", files.folder()),
                badFile("/config.json: not valid JSON", files.truncated("cut-config", "config.json", 100)),
                badFile("/config.json: ", files.edited(
                        "odd-config", "config.json", "\"conv_L_cache\": 3", "\"conv_L_cache\": \"3\"")),
                badFile("/tokenizer.json", files.model("no-tokenizer", "tokenizer.json", (byte[]) null)),
                badFile("/tokenizer.json", files.truncated("cut-tokenizer", "tokenizer.json", 1000)),
                badFile("/generation_config.json: temperature is", files.edited(
                        "cold", "generation_config.json", "\"temperature\": 0.2", "\"temperature\": -1")),
                badFile("/generation_config.json: not valid JSON",
                        files.model("cut-generation", "generation_config.json", "{")),
                badFile("/chat_template.jinja", files.model(
                        "bad-template", "chat_template.jinja", "{{ messages[0].content }")),
                badFile(": the checkpoint has no chat template", files.model(
                        "no-template", "chat_template.jinja", (byte[]) null)),
                badFile("", files.model("no-weights", "model.safetensors", (byte[]) null)),
                badFile("/model.safetensors", files.truncated("cut-weights", "model.safetensors", 100_000)),
                badFile("/model.safetensors", files.truncated("no-header", "model.safetensors", 4)),
                badFile("/model.safetensors: tensor", files.edited(
                        "wide", "config.json", "\"intermediate_size\": 512", "\"intermediate_size\": 640")),
                badFile("/", files.edited("tall", "config.json", "\"vocab_size\": 4096", "\"vocab_size\": 4050")));
    }

    /** The message begins with a file of the model. */
    private static Arguments badFile(String message, String model) {
        return badModel(model + message, model);
    }

    private static Arguments badModel(String message, String model) {
        return bad(FAILED, message, "generate", "Hello", "--model", model);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"options", "failures", "plans", "simulations", "files", "models"})
    void isOneLineAndAnExitCode(String name, int exitCode, String message, String input, String[] args) {
        Invocation run = Invocation.withInput(input, args);
        assertEquals(exitCode, run.exitCode(), run::err);
        assertEquals("", run.out());
        assertTrue(run.err().startsWith("penstock: " + message), run::err);
        assertEquals(1, run.err().lines().count(), run::err);
        assertTrue(run.err().length() > "penstock: \n".length() + 10 && run.err().length() < 500, run::err);
        for (String leak : List.of("that is a defect", "\tat ", "null")) {
            assertFalse(run.err().contains(leak), run::err);
        }
        assertEquals(exitCode == USAGE, run.err().contains("; try penstock"), run::err);
    }

    @Test
    void manyMistakesAreTried() {
        long numCases = Stream.of(options(), failures(), plans(), simulations()).mapToLong(Stream::count).sum();
        assertTrue(numCases >= 60, () -> "only " + numCases);
    }

    @Test
    void inputThatIsNotText() {
        Invocation run = Invocation.withInput(new byte[] {'a', (byte) 0xFF}, "generate", "-");
        assertEquals(FAILED, run.exitCode());
        assertEquals("penstock: standard input is not UTF-8 at byte 1: save it as UTF-8 text\n", run.err());
    }

    @Test
    void closedOutputEndsQuietly() {
        var closed = new StandardOutput(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        }, false);
        Invocation run = Invocation.withOutput(closed, "generate", "Hello");
        assertEquals(0, run.exitCode(), run::err);
        assertEquals("", run.err());
    }

    @Test
    void doctorNamesEveryProblem() {
        String model = new BrokenFiles(folder).truncated("sick", "model.safetensors", 100_000);
        Invocation run = Invocation.of("doctor", "--model", model);
        assertEquals(FAILED, run.exitCode());
        assertTrue(run.err().startsWith("penstock: " + model + "/model.safetensors"), run::err);
        assertTrue(run.out().contains("1 problem:"), run::out);
        assertEquals(1, run.err().lines().count());
    }

    @Test
    void chatGoesOnAfterMistakesAndFails() {
        Invocation run = Invocation.withInput("/nonsense\n/save\nHello\n", "chat", "--temperature", "0");
        assertEquals(FAILED, run.exitCode());
        assertEquals("penstock: there is no command /nonsense: /help lists them\n"
                + "penstock: /save needs a file: /save chat.json\n", run.err());
        assertEquals("Hello! How can I help you?\n", run.out());
    }
}
