package io.penstock.serving.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.penstock.serving.grpc.DemoServer.Answer;
import io.penstock.serving.grpc.wire.ChoiceConstraint;
import io.penstock.serving.grpc.wire.GenerateComplete;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.GenerateStreamChunk;
import io.penstock.serving.grpc.wire.KvTransferParams;
import io.penstock.serving.grpc.wire.MediaRefs;
import io.penstock.serving.grpc.wire.OutputLogProbs;
import io.penstock.serving.grpc.wire.SamplingParams;
import io.penstock.serving.grpc.wire.TokenizedInput;
import io.penstock.serving.offline.DemoModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What Generate answers, field by field. */
class GenerateTest {
    private static final String PROMPT =
            "<|startoftext|><|im_start|>user\nWhat is 27 + 15?<|im_end|>\n<|im_start|>assistant\n";
    private static final String TEXT = "<think>7 + 5 = 12, carry 1. 2 + 1 + 1 = 4. So 42.</think>42";

    private static DemoServer server;

    @BeforeAll
    static void start() {
        server = DemoServer.small();
    }

    @AfterAll
    static void end() throws InterruptedException {
        server.awaitEmpty();
        server.close();
    }

    private static Answer streamed(GenerateRequest.Builder request) {
        return Answer.of(server.stub().generate(request.setStream(true).build()));
    }

    private static GenerateComplete whole(GenerateRequest.Builder request) {
        Answer answer = Answer.of(server.stub().generate(request.setStream(false).build()));
        assertEquals(1, answer.messages().size());
        return answer.completes().getFirst();
    }

    private static GenerateRequest.Builder sum(SamplingParams.Builder sampling) {
        return DemoServer.request("a-sum", PROMPT, sampling);
    }

    private static String text(List<Integer> ids) {
        return DemoModel.ENCODER.tokenizer().decode(ids.stream().mapToInt(Integer::intValue).toArray(), false)
                .replace("<|im_end|>", "");
    }

    @Test
    void streamHoldsDeltasThenOneComplete() {
        Answer answer = streamed(sum(DemoServer.sampling(100)));
        assertEquals(TEXT, text(answer.tokenIds()));
        assertTrue(answer.messages().getLast().hasComplete());
        GenerateComplete complete = answer.completes().getFirst();
        assertEquals("stop", complete.getFinishReason());
        assertEquals(answer.tokenIds().size(), complete.getCompletionTokens());
        assertEquals(DemoModel.ENCODER.tokenizer().encode(PROMPT).length, complete.getPromptTokens());
        int numCounted = 0;
        for (int i = 0; i < answer.messages().size() - 1; i++) {
            GenerateStreamChunk chunk = answer.messages().get(i).getChunk();
            assertEquals(chunk.getTokenIdsCount(), chunk.getCompletionTokens());
            assertEquals(complete.getPromptTokens(), chunk.getPromptTokens());
            numCounted += chunk.getCompletionTokens();
        }
        assertEquals(complete.getCompletionTokens(), numCounted);
        assertFalse(complete.hasMatchedTokenId() || complete.hasMatchedStopStr());
    }

    @Test
    void withoutStreamAllIsInTheComplete() {
        GenerateComplete complete = whole(sum(DemoServer.sampling(100)));
        assertEquals(streamed(sum(DemoServer.sampling(100))).tokenIds(), complete.getOutputIdsList());
        assertEquals(complete.getOutputIdsCount(), complete.getCompletionTokens());
    }

    @Test
    void textIsTokenizedHere() {
        GenerateRequest.Builder asText = GenerateRequest.newBuilder().setRequestId("t").setText(PROMPT)
                .setSamplingParams(DemoServer.sampling(100));
        assertEquals(whole(sum(DemoServer.sampling(100))).getOutputIdsList(), whole(asText).getOutputIdsList());
    }

    @Test
    void lengthIsTheLimit() {
        GenerateComplete complete = whole(DemoServer.exactly("l", 7));
        assertEquals("length", complete.getFinishReason());
        assertEquals(7, complete.getOutputIdsCount());
    }

    @Test
    void absentAndTooLargeLimitsAreTheContext() {
        int numPrompt = DemoModel.ENCODER.tokenizer().encode("The quick brown fox").length;
        GenerateComplete absent = whole(DemoServer.request("c", "The quick brown fox",
                SamplingParams.newBuilder().setTemperature(0).setIgnoreEos(true)));
        assertEquals(512 - numPrompt, absent.getCompletionTokens());
        assertEquals("length", absent.getFinishReason());
        assertEquals(absent.getOutputIdsList(), whole(DemoServer.exactly("d", 100_000)).getOutputIdsList());
    }

    @Test
    void choicesAreToldApartByIndex() {
        SamplingParams.Builder hot = SamplingParams.newBuilder().setTemperature(3).setN(3).setSeed(5).setMaxTokens(9);
        Answer answer = streamed(sum(hot));
        assertEquals(3, answer.completes().size());
        assertEquals(List.of(0, 1, 2),
                answer.completes().stream().map(GenerateComplete::getIndex).sorted().toList());
        List<List<Integer>> ids = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int index = i;
            ids.add(answer.messages().stream().filter(m -> m.hasChunk() && m.getChunk().getIndex() == index)
                    .flatMap(m -> m.getChunk().getTokenIdsList().stream()).toList());
        }
        assertEquals(3, ids.stream().distinct().count());
        Answer apart = Answer.of(server.stub().generate(sum(hot).build()));
        assertEquals(3, apart.messages().size());
        for (GenerateComplete complete : apart.completes()) {
            assertEquals(ids.get(complete.getIndex()), complete.getOutputIdsList());
        }
    }

    @Test
    void seedRepeatsAndAbsentTemperatureIsTheModels() {
        SamplingParams.Builder hot = SamplingParams.newBuilder().setTemperature(3).setSeed(-7).setMaxTokens(12);
        assertEquals(whole(sum(hot)).getOutputIdsList(), whole(sum(hot)).getOutputIdsList());
        assertNotEquals(whole(sum(hot)).getOutputIdsList(), whole(sum(hot.setSeed(8))).getOutputIdsList());
        SamplingParams.Builder models = SamplingParams.newBuilder().setSeed(3).setMaxTokens(12);
        double recommended = DemoModel.ENCODER.defaults().temperature();
        assertEquals(whole(sum(models)).getOutputIdsList(),
                whole(sum(models.clone().setTemperature((float) recommended))).getOutputIdsList());
    }

    @Test
    void stopStringEndsTheSequenceAndIsNamed() {
        SamplingParams.Builder stop = DemoServer.sampling(100).addStop("zebra").addStop("carry");
        Answer answer = streamed(sum(stop));
        assertEquals("carry", answer.completes().getFirst().getMatchedStopStr());
        assertEquals("stop", answer.completes().getFirst().getFinishReason());
        assertTrue(text(answer.tokenIds()).contains("carry"), text(answer.tokenIds()));
        assertFalse(text(answer.tokenIds()).contains("So 42"), text(answer.tokenIds()));
        assertEquals(answer.tokenIds(), whole(sum(stop)).getOutputIdsList());
    }

    @Test
    void stopTokenIsNamed() {
        int stopId = streamed(sum(DemoServer.sampling(100))).tokenIds().get(5);
        GenerateComplete complete = whole(sum(DemoServer.sampling(100).addStopTokenIds(stopId)));
        assertEquals(stopId, complete.getMatchedTokenId());
        assertEquals("stop", complete.getFinishReason());
        assertEquals(stopId, complete.getOutputIds(complete.getOutputIdsCount() - 1));
    }

    @Test
    void logprobsComeWithEachToken() {
        SamplingParams.Builder asked = DemoServer.sampling(4).setLogprobs(2);
        Answer answer = streamed(sum(asked));
        int numTokens = 0;
        for (int i = 0; i < answer.messages().size() - 1; i++) {
            GenerateStreamChunk chunk = answer.messages().get(i).getChunk();
            requireLogprobs(chunk.getOutputLogprobs(), chunk.getTokenIdsList());
            numTokens += chunk.getTokenIdsCount();
        }
        assertEquals(4, numTokens);
        GenerateComplete complete = whole(sum(asked));
        requireLogprobs(complete.getOutputLogprobs(), complete.getOutputIdsList());
        assertFalse(whole(sum(DemoServer.sampling(4))).hasOutputLogprobs());
    }

    private static void requireLogprobs(OutputLogProbs logprobs, List<Integer> ids) {
        assertEquals(ids, logprobs.getTokenIdsList());
        assertEquals(ids.size(), logprobs.getTokenLogprobsCount());
        for (int i = 0; i < ids.size(); i++) {
            assertEquals(2, logprobs.getTopLogprobs(i).getValuesCount());
            assertEquals(ids.get(i), logprobs.getTopLogprobs(i).getTokenIds(0));
            assertEquals(logprobs.getTokenLogprobs(i), logprobs.getTopLogprobs(i).getValues(0));
            assertTrue(logprobs.getTopLogprobs(i).getValues(1) <= logprobs.getTopLogprobs(i).getValues(0));
        }
    }

    @Test
    void promptLogprobsCoverThePrompt() {
        GenerateComplete complete = whole(sum(DemoServer.sampling(2).setPromptLogprobs(1)));
        int[] prompt = DemoModel.ENCODER.tokenizer().encode(PROMPT);
        assertEquals(prompt.length, complete.getInputLogprobs().getTokenIdsCount());
        assertFalse(complete.getInputLogprobs().getTokenLogprobs(0).hasValue());
        for (int i = 1; i < prompt.length; i++) {
            assertEquals(prompt[i], complete.getInputLogprobs().getTokenIds(i));
            assertTrue(complete.getInputLogprobs().getTokenLogprobs(i).getValue() <= 0);
            assertEquals(1, complete.getInputLogprobs().getTopLogprobs(i).getValuesCount());
        }
        Answer answer = streamed(sum(DemoServer.sampling(2).setPromptLogprobs(1)));
        assertEquals(complete.getInputLogprobs(), answer.messages().getFirst().getChunk().getInputLogprobs());
    }

    @Test
    void cachedTokensAreCounted() {
        String prompt = "The fox and the dog. ".repeat(40);
        int first = whole(DemoServer.request("p", prompt, DemoServer.sampling(2))).getCachedTokens();
        int again = whole(DemoServer.request("q", prompt, DemoServer.sampling(2))).getCachedTokens();
        assertEquals(0, first);
        assertTrue(again >= 64, "cached " + again);
    }

    static Stream<Arguments> badRequests() {
        return Stream.of(
                bad("prompt", r -> r.clearInput()),
                bad("empty", r -> r.setTokenized(TokenizedInput.getDefaultInstance())),
                bad("4055", r -> r.setTokenized(TokenizedInput.newBuilder().addInputIds(1 << 20))),
                bad("-1", r -> r.setTokenized(TokenizedInput.newBuilder().addInputIds(-1))),
                bad("512", r -> r.setText("fox ".repeat(2000))),
                badParam("temperature", p -> p.setTemperature(Float.NaN)),
                badParam("temperature", p -> p.setTemperature(-1)),
                badParam("temperature", p -> p.setTemperature(Float.POSITIVE_INFINITY)),
                badParam("top_p", p -> p.setTopP(1.5f)),
                badParam("top_p", p -> p.setTopP(Float.NaN)),
                badParam("min_p", p -> p.setMinP(-0.5f)),
                badParam("repetition_penalty", p -> p.setRepetitionPenalty(-2)),
                badParam("frequency_penalty", p -> p.setFrequencyPenalty(3)),
                badParam("presence_penalty", p -> p.setPresencePenalty(Float.NaN)),
                badParam("max_tokens", p -> p.setMaxTokens(0)),
                badParam("min_tokens", p -> p.setMinTokens(9)),
                badParam("min_tokens", p -> p.setMinTokens(-1)),
                badParam("stop", p -> p.addStop("")),
                badParam("stop", p -> p.addStop("x".repeat(2000))),
                badParam("stop", p -> p.addAllStop(Collections.nCopies(65, "y"))),
                badParam("stop_token_ids", p -> p.addStopTokenIds(5000)),
                badParam("n must be", p -> p.setN(129)),
                badParam("n must be", p -> p.setN(-1)),
                badParam("logprobs", p -> p.setLogprobs(21)),
                badParam("logprobs", p -> p.setLogprobs(-1)),
                badParam("prompt_logprobs", p -> p.setPromptLogprobs(99)),
                badParam("logit_bias", p -> p.putLogitBias(3, Float.NaN)),
                badParam("logit_bias", p -> p.putLogitBias(3, 101)),
                badParam("logit_bias", p -> p.putLogitBias(-3, 1)),
                badParam("truncate_prompt_tokens", p -> p.setTruncatePromptTokens(0)),
                badParam("structural_tag", p -> p.setStructuralTag("{}")),
                badParam("choice", p -> p.setChoice(ChoiceConstraint.getDefaultInstance())),
                bad("request_id", r -> r.setRequestId("x".repeat(300))),
                bad("kv_transfer_params", r -> r.setKvTransferParams(KvTransferParams.getDefaultInstance())),
                bad("media_refs", r -> r.setMediaRefs(MediaRefs.getDefaultInstance())),
                bad("data_parallel_rank", r -> r.setDataParallelRank(1)));
    }

    private static Arguments bad(String named, Consumer<GenerateRequest.Builder> change) {
        GenerateRequest.Builder request = DemoServer.exactly("bad", 5);
        change.accept(request);
        return Arguments.of(named, request.build());
    }

    private static Arguments badParam(String named, Consumer<SamplingParams.Builder> change) {
        return bad(named, request -> change.accept(request.getSamplingParamsBuilder()));
    }

    @ParameterizedTest(name = "{0} {index}")
    @MethodSource("badRequests")
    void badRequestIsNamed(String named, GenerateRequest request) {
        for (boolean stream : List.of(false, true)) {
            StatusRuntimeException e = assertThrows(StatusRuntimeException.class, () ->
                    Answer.of(server.stub().generate(request.toBuilder().setStream(stream).build())));
            assertEquals(Status.Code.INVALID_ARGUMENT, e.getStatus().getCode(), e::toString);
            assertTrue(e.getStatus().getDescription().contains(named), e::toString);
        }
    }

    @Test
    void hugeTopKIsOff() {
        assertEquals(whole(sum(DemoServer.sampling(20))).getOutputIdsList(),
                whole(sum(DemoServer.sampling(20).setTopK(-1))).getOutputIdsList());
    }
}
