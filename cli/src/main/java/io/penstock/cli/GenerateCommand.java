package io.penstock.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.config.StrictJson;
import io.penstock.serving.openai.BadRequestException;
import io.penstock.serving.openai.ChatCompletionRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
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
        description = "Answers one prompt and prints the answer as it is written.",
        footer = {
            "%nExamples:",
            "  penstock generate \"What is a short convolution?\"",
            "  git diff | penstock generate --system \"Write a commit message for this diff.\"",
            "  penstock generate --file question.txt --temperature 0 --max-tokens 200 --stats",
            "  penstock generate --body request.json --json",
            "  penstock generate --model LiquidAI/LFM2.5-8B-A1B -n 3 --seed 7 \"Name a river.\"",
            "%nThe prompt is PROMPT, else --file, else standard input; a line break at its end is left out"
                    + " unless --raw. A PROMPT that begins with a dash goes behind --. With --body, options that are"
                    + " given win over the body's fields.",
            "A terminal shows thinking dimmed and without its tags; a pipe gets the answer as the model writes it."
                    + " Ctrl-C ends the answer (exit code 130).",
        })
final class GenerateCommand implements Callable<Integer> {
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

    @Override
    public Integer call() {
        requireOneInput();
        engine.validate();
        ModelSource source = model.resolve();
        var conversation = new Conversation(source, raw ? null : ChatPrompt.load(source, chatTemplate));
        String text = body == null ? promptText() : null;
        ObjectNode fields = fields(text);
        ChatCompletionRequest request = request(fields, conversation);
        Conversation.Prompt input = raw ? conversation.raw(text) : conversation.prompt(request);
        int modelLen = engine.modelLen(
                source.config(), Conversation.numTokensWanted(request, input));
        List<SamplingParams> params = conversation.samplingParams(request, input, modelLen);
        try (var session = new Session(conversation, engine.load(source, params.size(), modelLen))) {
            return json ? printJson(session, request, input, params) : stream(session, request, input, params);
        }
    }

    private void requireOneInput() {
        int numInputs = (prompt == null ? 0 : 1) + (file == null ? 0 : 1) + (body == null ? 0 : 1);
        if (numInputs > 1) {
            throw wrong("give one of PROMPT, --file and --body");
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
        if (numLogprobs != null && !json) {
            throw wrong("--logprobs needs --json, which has a place for them");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private String promptText() {
        String text = file != null ? Texts.read(file)
                : prompt == null || prompt.equals("-") ? Texts.read(System.in, "standard input") : prompt;
        boolean isArgument = file == null && prompt != null && !prompt.equals("-");
        String whole = raw || isArgument ? text : Texts.withoutLastLineBreak(text);
        if (whole.isBlank() && !raw || whole.isEmpty()) {
            throw new InputException(
                    (isArgument ? "PROMPT" : file != null ? file.toString() : "standard input")
                            + " is empty: give at least one character that is not a space");
        }
        return whole;
    }

    private ObjectNode fields(String text) {
        ObjectNode fields;
        if (body != null) {
            String source = body.equals("-") ? "standard input" : body;
            fields = body.equals("-")
                    ? StrictJson.parseObject(
                            Texts.read(System.in, source).getBytes(StandardCharsets.UTF_8), source)
                    : StrictJson.parseObject(StrictJson.readBytes(Path.of(body), Texts.MAX_BYTES), source);
        } else {
            fields = JsonNodeFactory.instance.objectNode();
            ArrayNode messages = fields.putArray("messages");
            if (system != null) {
                messages.addObject().put("role", "system").put("content", system);
            }
            messages.addObject().put("role", "user").put("content", text);
        }
        sampling.applyTo(fields);
        if (numChoices != null) {
            fields.put("n", numChoices);
        }
        if (numLogprobs != null) {
            fields.put("logprobs", true).put("top_logprobs", numLogprobs);
        }
        return fields;
    }

    private ChatCompletionRequest request(ObjectNode fields, Conversation conversation) {
        try {
            return ChatCompletionRequest.parse(fields, conversation.defaults());
        } catch (BadRequestException e) {
            if (body == null) {
                throw wrong(e.getMessage());
            }
            throw new InputException((body.equals("-") ? "standard input" : body) + ": " + e.getMessage(), e);
        }
    }

    private int stream(Session session, ChatCompletionRequest request, Conversation.Prompt input,
            List<SamplingParams> params) {
        var style = new AnswerPrinter.Style(Terminals.isOutput(), !noThinking);
        boolean hasTools = request.chat().tools() != null;
        if (params.size() > 1) {
            var answers = session.answer(input, params, request.response().skipSpecialTokens(),
                    (choice, answer) -> printChoice(choice, params.size(), answer, style, hasTools, input));
            say(session, input, answers);
            return 0;
        }
        var printer = new AnswerPrinter(System.out, style, hasTools, input.startsInThinking());
        Thread restoring = new Thread(() -> {
            printer.cutOff();
        });
        Runtime.getRuntime().addShutdownHook(restoring);
        try {
            var answers = session.stream(input, params, request.response().skipSpecialTokens(), printer::print);
            printer.finish();
            say(session, input, answers);
        } finally {
            Runtime.getRuntime().removeShutdownHook(restoring);
        }
        return 0;
    }

    private static void printChoice(int choice, int numChoices, Answer answer, AnswerPrinter.Style style,
            boolean hasTools, Conversation.Prompt input) {
        System.out.println("=== choice " + (choice + 1) + " of " + numChoices + " ===");
        var printer = new AnswerPrinter(System.out, style, hasTools, input.startsInThinking());
        printer.print(answer.text());
        printer.finish();
    }

    private int printJson(Session session, ChatCompletionRequest request, Conversation.Prompt input,
            List<SamplingParams> params) {
        List<Answer> answers = session.answer(input, params, request.response().skipSpecialTokens(), (_, _) -> { });
        byte[] response = ChatAnswers.response(session.conversation().source().name(), request, input, answers);
        System.out.write(response, 0, response.length);
        System.out.println();
        System.out.flush();
        say(session, input, answers);
        return 0;
    }

    private void say(Session session, Conversation.Prompt input, List<Answer> answers) {
        if (stats) {
            System.err.println(session.stats(input, answers));
        }
    }
}
