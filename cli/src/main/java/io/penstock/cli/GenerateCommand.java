package io.penstock.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.StrictJson;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.GenerationListener;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.openai.BadRequestException;
import io.penstock.serving.openai.ChatCompletionRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "generate",
        abbreviateSynopsis = true,
        description = "Answers one prompt and prints the answer as it is written; or, with --input, many at once.",
        footer = {
            "%nExamples:",
            "  penstock generate \"What is a short convolution?\"",
            "  git diff | penstock generate --system \"Write a commit message for this diff.\"",
            "  penstock generate --file question.txt --temperature 0 --max-tokens 200 --stats",
            "  penstock generate --body request.json --json",
            "  penstock generate --input prompts.txt --output answers.jsonl --max-tokens 200",
            "  penstock generate --model LiquidAI/LFM2.5-8B-A1B -n 3 --seed 7 \"Name a river.\"",
            "%nThe prompt is PROMPT, else --file, else standard input; a line break at its end is left out"
                    + " unless --raw. A PROMPT that begins with a dash goes behind --. With --body, options that are"
                    + " given win over the body's fields.",
            "--input runs all its prompts in one continuous batch; blank lines are skipped. Standard output gets the"
                    + " answers in the order of the prompts. --output FILE, and --json on standard output, get one JSON"
                    + " object a line in the order in which they are done: index (of the prompt, from 0), line,"
                    + " response (an OpenAI chat.completion) and seeds, or index, line and error. A bad line or prompt"
                    + " does not stop the others; the exit code is then 1.",
            "A terminal shows thinking dimmed and without its tags; a pipe gets the answer as the model writes it."
                    + " Ctrl-C ends the answer (exit code 130).",
        })
final class GenerateCommand implements Callable<Integer> {
    private static final String STANDARD_INPUT = "standard input";

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "PROMPT", description = "The prompt; - reads standard input.")
    private String prompt;

    @Option(names = "--file", paramLabel = "FILE", description = "Reads the prompt from a file in UTF-8.")
    private Path file;

    @Option(
            names = "--body",
            paramLabel = "FILE",
            description = "Takes an OpenAI chat request: messages, tools and sampling fields. - is standard input.")
    private String body;

    @Option(
            names = "--input",
            paramLabel = "FILE",
            description = "Answers many prompts at once: one a line, or OpenAI chat requests or {\"prompt\": TEXT}"
                    + " objects with sampling fields in a file that ends in .jsonl. - reads prompts from standard"
                    + " input.")
    private String input;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = "With --input: a new file for the answers, as JSON lines.")
    private Path output;

    @Option(names = "--system", paramLabel = "TEXT", description = "The system message.")
    private String system;

    @Option(
            names = "--chat-template",
            paramLabel = "FILE",
            description = "A Jinja template instead of the checkpoint's; or lfm2 or lfm2.5, which are built in.")
    private String chatTemplate;

    @Option(names = "--raw", description = "No template: the prompt as it is, control tokens included.")
    private boolean raw;

    @Option(names = "-n", paramLabel = "N", description = "Answers to make. Default: 1.")
    private Integer numChoices;

    @Option(names = "--logprobs", paramLabel = "K",
            description = "With --json: log-probabilities of each token and of the K most likely ones.")
    private Integer numLogprobs;

    @Option(names = "--json", description = "Prints one OpenAI chat.completion object when all is done.")
    private boolean json;

    @Option(names = "--no-thinking", description = "Leaves the model's thinking out of what is printed.")
    private boolean noThinking;

    @Option(names = "--stats", description = "Says tokens, time to the first token and speed on standard error.")
    private boolean stats;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private ModelOptions model;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BatchingOptions batching;

    @Override
    public Integer call() {
        requireOneInput();
        engine.validate();
        batching.validate();
        ModelSource source = model.resolve();
        var encoder = new RequestEncoder(source, chatTemplate);
        if (!raw) {
            encoder.requireTemplate();
        }
        var fields = new RequestFields(sampling, system, numChoices, numLogprobs);
        return input == null ? answerOne(encoder, fields) : answerMany(encoder, fields);
    }

    private int answerOne(RequestEncoder encoder, RequestFields fields) {
        String text = body == null ? promptText() : null;
        ChatCompletionRequest request = request(fields.of(body == null ? null : bodyFields(), text), encoder);
        GenerationRequest asked = GenerationRequest.of(request);
        EncodedPrompt encoded = raw ? encoder.text(text)
                : encoder.truncated(encoder.chat(request.chat()), asked.options().truncatePromptTokens());
        int modelLen = engine.modelLen(encoder.source().config(), numTokensWanted(request, encoded));
        encoder.samplingParams(request.sampling(), asked.numChoices(), encoded, modelLen, () -> 0);
        ServingConfig config = batching.forOne(
                engine, encoder.source().config(), modelLen, asked.numChoices());
        try (Session session = Session.open(encoder, config)) {
            var known = asked.withPrompt(new GenerationRequest.Encoded(encoded));
            GenerationResult result = json ? printJson(session, request, known)
                    : stream(session, request, known, encoded.startsInThinking());
            if (stats) {
                System.err.println(Session.stats(result));
            }
        }
        return 0;
    }

    private int answerMany(RequestEncoder encoder, RequestFields fields) {
        try (var lines = new PromptLines(input, raw, fields, encoder)) {
            lines.requireGoodOptions(this::wrong);
            ModelConfig model = encoder.source().config();
            ServingConfig config = batching.forMany(engine, model, engine.modelLen(model, 0));
            InputRun.requireNew(output);
            lines.requireAny();
            return new InputRun(lines, new InputRun.Format(json, output, !noThinking)).run(encoder, config);
        }
    }

    /** Prompt and output tokens of a request, or 0 where it does not limit its output. */
    private static int numTokensWanted(ChatCompletionRequest request, EncodedPrompt prompt) {
        Integer maxTokens = request.sampling().stop().maxTokens();
        return maxTokens == null ? 0 : (int) Math.min(Integer.MAX_VALUE, (long) prompt.tokenIds().length + maxTokens);
    }

    private void requireOneInput() {
        int numInputs = (prompt == null ? 0 : 1) + (file == null ? 0 : 1) + (body == null ? 0 : 1)
                + (input == null ? 0 : 1);
        if (numInputs > 1) {
            throw wrong("give one of PROMPT, --file, --body and --input");
        }
        if (numInputs == 0 && Terminals.isInput()) {
            throw wrong("a prompt is missing: give PROMPT, --file FILE or text on standard input");
        }
        if (body != null && (raw || system != null)) {
            throw wrong((raw ? "--raw" : "--system") + " does not go with --body: its messages say all");
        }
        if (raw && (system != null || chatTemplate != null)) {
            throw wrong((system != null ? "--system" : "--chat-template")
                    + " does not go with --raw, which has no template");
        }
        if (output != null && input == null) {
            throw wrong("--output needs --input: for one answer, redirect standard output");
        }
        if (stats && input != null) {
            throw wrong("--stats is for one prompt: --input says them in any case");
        }
        if (numLogprobs != null && !json && output == null) {
            throw wrong("--logprobs needs --json, which has a place for them");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private String promptText() {
        String text = file != null ? Texts.read(file)
                : prompt == null || prompt.equals("-") ? Texts.read(System.in, STANDARD_INPUT) : prompt;
        boolean isArgument = file == null && prompt != null && !prompt.equals("-");
        String whole = raw || isArgument ? text : Texts.withoutLastLineBreak(text);
        if (whole.isBlank() && !raw || whole.isEmpty()) {
            throw new InputException(
                    (isArgument ? "PROMPT" : file != null ? file.toString() : STANDARD_INPUT)
                            + " is empty: give at least one character that is not a space");
        }
        return whole;
    }

    private ObjectNode bodyFields() {
        return body.equals("-")
                ? StrictJson.parseObject(
                        Texts.read(System.in, STANDARD_INPUT).getBytes(StandardCharsets.UTF_8), STANDARD_INPUT)
                : StrictJson.parseObject(StrictJson.readBytes(Path.of(body), Texts.MAX_BYTES), body);
    }

    private ChatCompletionRequest request(ObjectNode fields, RequestEncoder encoder) {
        try {
            return ChatCompletionRequest.parse(fields, encoder.defaults());
        } catch (BadRequestException e) {
            if (body == null) {
                throw wrong(e.getMessage());
            }
            throw new InputException((body.equals("-") ? STANDARD_INPUT : body) + ": " + e.getMessage(), e);
        }
    }

    private GenerationResult stream(
            Session session, ChatCompletionRequest request, GenerationRequest asked, boolean startsInThinking) {
        var style = new AnswerPrinter.Style(Terminals.isOutput(), !noThinking);
        boolean hasTools = request.chat().tools() != null;
        if (asked.numChoices() > 1) {
            return session.answer(asked, new GenerationListener() {
                @Override
                public void text(int choice, String delta) {}

                @Override
                public void finished(GenerationResult.Choice choice) {
                    printChoice(choice, asked.numChoices(),
                            new AnswerPrinter(System.out, style, hasTools, startsInThinking));
                }
            });
        }
        var printer = new AnswerPrinter(System.out, style, hasTools, startsInThinking);
        Thread restoring = new Thread(printer::cutOff);
        Runtime.getRuntime().addShutdownHook(restoring);
        try {
            GenerationResult result = session.answer(asked, (_, delta) -> printer.print(delta));
            printer.finish();
            return result;
        } finally {
            Runtime.getRuntime().removeShutdownHook(restoring);
        }
    }

    static void printChoice(GenerationResult.Choice choice, int numChoices, AnswerPrinter printer) {
        if (numChoices > 1) {
            System.out.println("=== choice " + (choice.index() + 1) + " of " + numChoices + " ===");
        }
        printer.print(choice.text());
        printer.finish();
    }

    private static GenerationResult printJson(
            Session session, ChatCompletionRequest request, GenerationRequest asked) {
        GenerationResult result = session.answer(asked, (_, _) -> { });
        byte[] response = ChatAnswers.response(session.penstock().encoder(), request, result);
        System.out.write(response, 0, response.length);
        System.out.println();
        System.out.flush();
        return result;
    }
}
