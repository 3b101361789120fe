package io.penstock.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.openai.BadRequestException;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.output.OutputFormat;
import io.penstock.serving.output.OutputParser;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "chat",
        abbreviateSynopsis = true,
        description = "Talks with a model. Ctrl-C stops an answer, Ctrl-D or /exit ends. Lines may also come from a"
                + " file or another program: each is a turn.",
        footer = {
            "%nWhile chatting:",
            "  /reset         forgets the conversation",
            "  /system TEXT   sets the system message",
            "  /save FILE     writes the conversation as an OpenAI request, which generate --body reads",
            "  /help          lists these",
            "  /exit          ends",
            "%nExamples:",
            "  penstock chat",
            "  penstock chat --model LiquidAI/LFM2.5-8B-A1B --system \"Answer in one sentence.\"",
            "  printf 'Hello\\nWho are you?\\n' | penstock chat --temperature 0",
        })
final class ChatCommand implements Callable<Integer> {
    private static final String HELP = """
            /reset         forgets the conversation
            /system TEXT   sets the system message; without TEXT shows it
            /save FILE     writes the conversation as an OpenAI request
            /exit          ends, as Ctrl-D does""";

    @Spec
    private CommandSpec spec;

    @Option(names = "--system", paramLabel = "TEXT", description = "The system message.")
    private String system;

    @Option(
            names = "--chat-template",
            paramLabel = "FILE",
            description = "A Jinja template instead of the checkpoint's; or lfm2 or lfm2.5, which are built in.")
    private String chatTemplate;

    @Option(names = "--no-thinking", description = "Leaves the model's thinking out of what is printed.")
    private boolean noThinking;

    @Option(names = "--stats", description = "Says tokens and speed on standard error, for each answer.")
    private boolean stats;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private ModelOptions model;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BatchingOptions batching;

    private boolean isPerson;
    private boolean failed;

    @Override
    public Integer call() {
        engine.validate();
        batching.validate();
        ModelSource source = model.resolve();
        var encoder = new RequestEncoder(source, chatTemplate);
        encoder.requireTemplate();
        requireGoodOptions(encoder);
        var history = new ChatHistory(system);
        isPerson = Terminals.isInput() && Terminals.isOutput();
        int modelLen = engine.modelLen(source.config(), 0);
        try (Session session = Session.open(encoder, batching.forOne(engine, source.config(), modelLen, 1));
                LineSource lines = isPerson
                        ? new LineSource.Edited(session::cancel) : new LineSource.Piped(System.in)) {
            if (isPerson) {
                System.err.println("Chatting with " + source.name() + ". /help lists the commands, Ctrl-D ends.");
            }
            for (String line = lines.read("> "); line != null && goesOn(line, session, history); ) {
                line = lines.read("> ");
            }
        }
        return failed ? 1 : 0;
    }

    private void requireGoodOptions(RequestEncoder encoder) {
        var probe = new ChatHistory(system);
        probe.addUser("a");
        try {
            request(probe, encoder);
        } catch (BadRequestException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private ChatCompletionRequest request(ChatHistory history, RequestEncoder encoder) {
        ObjectNode body = history.body();
        sampling.applyTo(body);
        return ChatCompletionRequest.parse(body, encoder.defaults());
    }

    /** Takes a line; false ends the chat. A mistake is said and the chat goes on. */
    private boolean goesOn(String line, Session session, ChatHistory history) {
        String text = line.strip();
        try {
            if (text.startsWith("/")) {
                return command(text, history);
            }
            if (!text.isEmpty()) {
                turn(text, session, history);
            }
        } catch (InputException e) {
            failed = !isPerson;
            System.err.println("penstock: " + e.getMessage());
        }
        return true;
    }

    private static boolean command(String text, ChatHistory history) {
        int space = text.indexOf(' ');
        String name = space < 0 ? text : text.substring(0, space);
        String argument = space < 0 ? "" : text.substring(space).strip();
        switch (name) {
            case "/exit", "/quit" -> {
                return false;
            }
            case "/reset" -> {
                history.clear();
                System.err.println("The conversation is forgotten.");
            }
            case "/system" -> {
                if (argument.isEmpty()) {
                    System.err.println(history.system() == null ? "There is no system message." : history.system());
                } else {
                    history.setSystem(argument);
                }
            }
            case "/save" -> save(argument, history);
            case "/help" -> System.err.println(HELP);
            default -> throw new InputException("there is no command " + name + ": /help lists them");
        }
        return true;
    }

    private static void save(String argument, ChatHistory history) {
        if (argument.isEmpty()) {
            throw new InputException("/save needs a file: /save chat.json");
        }
        try {
            Path file = Path.of(argument);
            history.save(file);
            System.err.println("Saved to " + file + ".");
        } catch (InvalidPathException e) {
            throw new InputException("/save: " + argument + " is no path: " + e.getReason(), e);
        }
    }

    private void turn(String text, Session session, ChatHistory history) {
        RequestEncoder encoder = session.penstock().encoder();
        history.addUser(text);
        GenerationResult result;
        try {
            ChatCompletionRequest request = request(history, encoder);
            EncodedPrompt prompt = encoder.chat(request.chat());
            if (prompt.tokenIds().length >= session.modelLen()) {
                throw new InputException("the conversation has " + prompt.tokenIds().length
                        + " tokens, but the context holds " + session.modelLen()
                        + ": /reset forgets it, --max-model-len makes more room");
            }
            var printer = new AnswerPrinter(System.out,
                    new AnswerPrinter.Style(Terminals.isOutput(), !noThinking), false, prompt.startsInThinking());
            result = session.answer(GenerationRequest.of(request)
                    .withPrompt(new GenerationRequest.Encoded(prompt)), (_, delta) -> printer.print(delta));
            printer.finish();
        } catch (InputException e) {
            history.removeLast();
            throw e;
        }
        history.addAssistant(OutputParser.parse(
                new OutputFormat(false, true, result.prompt().startsInThinking()), result.choice().text()));
        if (stats) {
            System.err.println(Session.stats(result));
        }
    }
}
