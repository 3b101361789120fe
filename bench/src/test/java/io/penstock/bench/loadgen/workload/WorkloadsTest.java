package io.penstock.bench.loadgen.workload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.runtime.InputException;
import io.penstock.runtime.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkloadsTest {
    private static Tokenizer tokenizer;

    @TempDir
    private Path folder;

    @BeforeAll
    static void load() {
        tokenizer = Tokenizer.load(Path.of(System.getProperty("basedir", ".")).resolve(
                "../models/penstock-demo/tokenizer.json"));
    }

    private static WorkloadOptions options(int number, boolean isChat, Path path) {
        return new WorkloadOptions(number, 5, path, isChat, new WorkloadOptions.Sizes(40, 20, 0.5, 8, 3, 4), 0,
                new WorkloadOptions.FileUse(false, true, true));
    }

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("data.jsonl"), content);
    }

    private static int[] ids(LoadRequest request) {
        return assertInstanceOf(Prompt.TokenIds.class, request.prompt()).ids();
    }

    @Test
    void randomPromptsHaveTheLengthsAskedFor() {
        List<LoadRequest> requests = Workloads.RANDOM.requests(options(200, false, null), tokenizer);
        assertEquals(200, requests.size());
        for (LoadRequest request : requests) {
            int[] ids = ids(request);
            assertEquals(ids.length, request.inputTokens());
            assertTrue(ids.length >= 8 + 20 && ids.length <= 8 + 60, () -> ids.length + " tokens");
            assertTrue(request.outputTokens() >= 10 && request.outputTokens() <= 30);
            assertArrayEquals(Arrays.copyOf(ids(requests.getFirst()), 8), Arrays.copyOf(ids, 8));
            assertTrue(Arrays.stream(ids).noneMatch(tokenizer::isSpecial));
        }
        assertTrue(requests.stream().map(LoadRequest::inputTokens).distinct().count() > 20);
        List<LoadRequest> again = Workloads.RANDOM.requests(options(200, false, null), tokenizer);
        assertArrayEquals(ids(requests.get(77)), ids(again.get(77)));
    }

    @Test
    void chatsGetMessages() {
        LoadRequest request = Workloads.RANDOM.requests(options(1, true, null), tokenizer).getFirst();
        Prompt.Messages messages = assertInstanceOf(Prompt.Messages.class, request.prompt());
        assertEquals("user", messages.messages().get(0).get("role").textValue());
    }

    @Test
    void prefixesComeAgain() {
        List<LoadRequest> requests = Workloads.PREFIX_REPETITION.requests(options(60, false, null), tokenizer);
        var counts = requests.stream().map(request -> Arrays.toString(Arrays.copyOf(ids(request), 8)))
                .collect(Collectors.groupingBy(prefix -> prefix, Collectors.counting()));
        assertEquals(3, counts.size());
        assertEquals(Set.of(20L), Set.copyOf(counts.values()));
    }

    @Test
    void turnsFollowOneAnother() {
        List<LoadRequest> requests = Workloads.MULTI_TURN.requests(options(10, false, null), tokenizer);
        assertEquals(List.of(-1, 0, 1, 2, -1, 4, 5, 6, -1, 8), requests.stream().map(LoadRequest::after).toList());
    }

    @Test
    void shareGptTakesTheFirstTurn() throws IOException {
        Path path = file("""
                [{"id": "a", "conversations": [{"from": "human", "value": "Where does the river end in the north?"},
                  {"from": "gpt", "value": "It ends in a lake, far from the sea, they say."}]},
                 {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "x"}]},
                 {"conversations": [{"from": "human", "value": "No answer came to this one at all."}]}]""");
        List<LoadRequest> requests = Workloads.SHAREGPT.requests(options(3, false, path), tokenizer);
        assertEquals(3, requests.size(), "the one that can be used comes again");
        LoadRequest first = requests.getFirst();
        String question = "Where does the river end in the north?";
        assertEquals(new Prompt.Text(question), first.prompt());
        assertEquals(tokenizer.encodeAsText(question).length, first.inputTokens());
        assertEquals(tokenizer.encodeAsText("It ends in a lake, far from the sea, they say.").length,
                first.outputTokens());
    }

    @Test
    void customLinesAreTextsIdsOrMessages() throws IOException {
        Path path = file("""
                {"prompt": "Once", "output_tokens": 7}

                {"prompt": [5, 6, 7]}
                """);
        List<LoadRequest> requests = Workloads.CUSTOM.requests(options(2, false, path), tokenizer);
        assertEquals(new Prompt.Text("Once"), requests.get(0).prompt());
        assertEquals(7, requests.get(0).outputTokens());
        assertArrayEquals(new int[] {5, 6, 7}, ids(requests.get(1)));
        assertEquals(256, requests.get(1).outputTokens());
        Path chat = file("{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}");
        assertInstanceOf(Prompt.Messages.class,
                Workloads.CUSTOM.requests(options(1, true, chat), tokenizer).getFirst().prompt());
    }

    @Test
    void tracesKeepTimesAndSharedBlocks() throws IOException {
        Path path = file("""
                {"timestamp": 1500, "input_length": 1000, "output_length": 5, "hash_ids": [1, 2]}
                {"timestamp": 1000, "input_length": 700, "output_length": 9, "hash_ids": [1, 3]}
                """);
        List<LoadRequest> requests = Workloads.TIMED_TRACE.requests(options(10, false, path), tokenizer);
        assertEquals(List.of(0L, 500_000_000L), requests.stream().map(LoadRequest::atNs).toList());
        assertEquals(List.of(9, 5), requests.stream().map(LoadRequest::outputTokens).toList());
        int[] first = ids(requests.get(0));
        int[] second = ids(requests.get(1));
        assertEquals(700, first.length);
        assertArrayEquals(Arrays.copyOf(first, 512), Arrays.copyOf(second, 512));
        assertTrue(!Arrays.equals(Arrays.copyOfRange(first, 512, 700), Arrays.copyOfRange(second, 512, 700)));
    }

    private static void refused(String says, Workloads workload, WorkloadOptions options) {
        String message = assertThrows(InputException.class, () -> workload.requests(options, tokenizer)).getMessage();
        assertTrue(message.contains(says), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void wrongFilesAreNamed() throws IOException {
        refused("there is no file", Workloads.CUSTOM, options(1, false, folder.resolve("none.jsonl")));
        refused("--dataset-path", Workloads.CUSTOM, options(1, false, null));
        refused("line 2 is no JSON", Workloads.CUSTOM, options(1, false, file("{\"prompt\": \"a\"}\nnope\n")));
        refused("entry 1: 'prompt' or 'messages'", Workloads.CUSTOM, options(1, false, file("{\"text\": \"a\"}")));
        refused("has no entries", Workloads.CUSTOM, options(1, false, file("\n")));
        refused("messages are for --backend openai-chat", Workloads.CUSTOM,
                options(1, false, file("{\"messages\": [{\"role\": \"user\"}]}")));
        refused("entry 1: ShareGPT has", Workloads.SHAREGPT, options(1, false, file("[{\"prompt\": 1}]")));
        refused("no prompt that can be used", Workloads.SHAREGPT, options(1, false, file("[{\"conversations\": []}]")));
        refused("'timestamp'", Workloads.TIMED_TRACE,
                options(1, false, file("{\"input_length\": 1, \"output_length\": 1}")));
        refused("'input_length'", Workloads.TIMED_TRACE, options(1, false, file("{\"timestamp\": 1}")));
        Files.write(folder.resolve("data.jsonl"), new byte[] {(byte) 0xff, (byte) 0xfe, 1});
        refused("is not UTF-8", Workloads.CUSTOM, options(1, false, folder.resolve("data.jsonl")));
        assertThrows(InputException.class, () -> Workloads.named("alpaca"));
        assertThrows(InputException.class, () -> Workloads.RANDOM.requests(options(1, false, null), null));
    }
}
