package io.penstock.serving.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTest {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final SamplingDefaults LFM2 = new SamplingDefaults(0.2, 80, 1, 0, 1.05);
    private static final TokenSpace LETTERS = new TokenSpace(128, text -> text.chars().toArray());
    private static final LongSupplier NO_SEED = () -> {
        throw new AssertionError("the request has a seed");
    };

    private static ChatCompletionRequest chat(String fields) {
        return parseChat("{'messages':[{'role':'user','content':'Hi'}]" + fields + "}");
    }

    private static ChatCompletionRequest parseChat(String json) {
        return ChatCompletionRequest.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), LFM2);
    }

    private static CompletionRequest completion(String fields) {
        return CompletionRequest.parse(
                ("{" + fields + "}").replace('\'', '"').getBytes(StandardCharsets.UTF_8), LFM2);
    }

    private static JsonNode json(String text) throws IOException {
        return MAPPER.readTree(text.replace('\'', '"'));
    }

    @Test
    void theSmallestRequestTakesTheModelsDefaults() {
        ChatCompletionRequest request = chat("");
        assertNull(request.model());
        assertNull(request.responseFormat());
        assertEquals(new ResponseOptions(1, false, false, false, true, false, -1), request.response());
        assertEquals(new RequestOptions(null, 0, null, null), request.options());
        ChatInput input = request.chat();
        assertNull(input.tools());
        assertEquals(new ToolChoice(ToolChoice.Mode.NONE, null), input.toolChoice());
        assertTrue(input.addGenerationPrompt() && input.parallelToolCalls() && !input.continueFinalMessage());
        assertEquals(List.of(new SamplingParams(0.2, new TokenFilters(80, 1, 0), new Penalties(1.05, 0, 0),
                        TokenConstraints.NONE, StopConditions.afterTokens(500), 7, -1)),
                request.sampling().toSamplingParams(1, 500, LETTERS, () -> 7));
    }

    @Test
    void everySamplingFieldArrives() {
        SamplingRequest sampling = chat(",'temperature':0,'top_k':5,'top_p':0.5,'min_p':0.1,'repetition_penalty':2,"
                + "'frequency_penalty':-1,'presence_penalty':1.5,'logit_bias':{'5':-100,'7':3.5},'stop':'END',"
                + "'stop_token_ids':[3,4,3],'max_tokens':10,'min_tokens':2,'ignore_eos':true,'seed':-5,"
                + "'include_stop_str_in_output':true,'logprobs':true,'top_logprobs':3,'allowed_token_ids':[9,9,8],"
                + "'bad_words':['ab']").sampling();
        assertEquals(List.of(new SamplingParams(0, new TokenFilters(5, 0.5, 0.1), new Penalties(2, -1, 1.5),
                        new TokenConstraints(Map.of(5, -100.0, 7, 3.5), Set.of(8, 9),
                                List.of(List.of(97, 98), List.of(32, 97, 98))),
                        new StopConditions(10, 2, Set.of(3, 4), List.of("END"), true, true), -5, 3)),
                sampling.toSamplingParams(1, 10, LETTERS, NO_SEED));
    }

    @Test
    void otherFieldsArrive() throws IOException {
        ChatCompletionRequest request = chat(",'model':'m','stream':true,'stream_options':{'include_usage':true,"
                + "'continuous_usage_stats':true},'n':3,'skip_special_tokens':false,'return_token_ids':true,"
                + "'request_id':'r','priority':-2,'cache_salt':'salt',"
                + "'truncate_prompt_tokens':-1,'chat_template_kwargs':{'a':[1]},"
                + "'continue_final_message':true,'response_format':{'type':'json_object'},'parallel_tool_calls':false,"
                + "'tools':[{'type':'function','function':{'name':'f','x':1}}],"
                + "'tool_choice':{'type':'function','function':{'name':'f'}},'unknown':{'y':1},'user':4");
        assertEquals("m", request.model());
        assertEquals(new ResponseOptions(3, true, true, true, false, true, -1), request.response());
        assertEquals(new RequestOptions("r", -2, "salt", -1), request.options());
        assertEquals(json("{'type':'json_object'}"), request.responseFormat());
        ChatInput input = request.chat();
        assertEquals(json("[{'type':'function','function':{'name':'f','x':1}}]"), input.tools());
        assertEquals(new ToolChoice(ToolChoice.Mode.FUNCTION, "f"), input.toolChoice());
        assertEquals(json("{'a':[1]}"), input.templateKwargs());
        assertFalse(input.addGenerationPrompt() || input.parallelToolCalls());
        assertTrue(input.continueFinalMessage());
    }

    @Test
    void anExplicitNullIsAnAbsentField() {
        String fields = ",'model':null,'stream':null,'stream_options':null,'n':null,'max_tokens':null,"
                + "'max_completion_tokens':null,'temperature':null,'top_k':null,'top_p':null,'min_p':null,"
                + "'repetition_penalty':null,'frequency_penalty':null,'presence_penalty':null,'logit_bias':null,"
                + "'stop':null,'stop_token_ids':null,'seed':null,'logprobs':null,'top_logprobs':null,'tools':null,"
                + "'tool_choice':null,'response_format':null,'chat_template_kwargs':null,'bad_words':null,"
                + "'allowed_token_ids':null,'prompt_logprobs':null,'priority':null,'request_id':null,"
                + "'truncate_prompt_tokens':null,'ignore_eos':null,'add_generation_prompt':null";
        assertEquals(chat(""), chat(fields));
    }

    @Test
    void messagesStayAsTheyAreButForArguments() throws IOException {
        String messages = "[{'role':'system','content':[{'type':'text','text':'a','x':1},'b'],'extra':[1.0]},"
                + "{'role':'assistant','content':null,'tool_calls':[{'id':'1','type':'function',"
                + "'function':{'name':'f','arguments':%s}}]},{'role':'tool','tool_call_id':'1','content':'3'}]";
        String absent = messages.replace("'content':null,", "");
        JsonNode object = json(absent.formatted("{'z':1,'a':[1e5,12345678901234567890]}"));
        String text = "'" + "{'z':1,'a':[1e5,12345678901234567890]}".replace("'", "\\'") + "'";
        for (String arguments : List.of("{'z':1,'a':[1e5,12345678901234567890]}", text)) {
            ChatInput input = parseChat("{'messages':" + messages.formatted(arguments) + "}").chat();
            assertEquals(object.toString(), input.messages().toString());
        }
        for (String none : List.of("''", "' '", "'{}'", "{}", "'null'")) {
            ChatInput input = parseChat("{'messages':" + messages.formatted(none) + "}").chat();
            assertEquals(json(absent.formatted("{}")), input.messages());
        }
        ChatInput input = parseChat("{'messages':" + messages.formatted("null") + "}").chat();
        assertEquals(json(absent.replace(",'arguments':%s", "")), input.messages());
    }

    @Test
    void theCallersTreeIsNotChanged() throws IOException {
        JsonNode body = json("{'messages':[{'role':'assistant','content':null,'tool_calls':"
                + "[{'function':{'name':'f','arguments':'{}'}},{'name':'g','arguments':'{}'}]}]}");
        JsonNode copy = body.deepCopy();
        ChatInput input = ChatCompletionRequest.parse(body, LFM2).chat();
        assertEquals(copy, body);
        assertEquals(json("[{'role':'assistant','tool_calls':"
                + "[{'function':{'name':'f','arguments':{}}},{'name':'g','arguments':{}}]}]"), input.messages());
    }

    @Test
    void thinkingMayStandForContent() {
        for (String field : List.of("thinking", "reasoning", "reasoning_content")) {
            parseChat("{'messages':[{'role':'assistant','" + field + "':'hm'}]}");
        }
    }

    @Test
    void maxTokensFitsTheContext() {
        assertEquals(30, maxTokens(chat("").sampling(), 30));
        assertEquals(30, maxTokens(chat(",'max_tokens':30").sampling(), 30));
        assertEquals(20, maxTokens(chat(",'max_completion_tokens':20,'max_tokens':30").sampling(), 30));
        assertEquals(16, maxTokens(completion("'prompt':'x'").sampling(), 30));
        assertEquals(10, maxTokens(completion("'prompt':'x'").sampling(), 10));
        BadRequestException refusal = assertThrows(BadRequestException.class,
                () -> maxTokens(completion("'prompt':'x','max_tokens':31").sampling(), 30));
        assertEquals("max_tokens must be at most 30, what the prompt leaves of the model's context, not 31",
                refusal.getMessage());
        assertEquals(BadRequestException.CONTEXT_LENGTH_EXCEEDED, refusal.code());
        assertEquals("max_tokens", refusal.param());
        for (int remaining : new int[] {0, -5}) {
            refusal = assertThrows(BadRequestException.class, () -> maxTokens(chat("").sampling(), remaining));
            assertEquals(BadRequestException.CONTEXT_LENGTH_EXCEEDED, refusal.code());
        }
        refusal = assertThrows(BadRequestException.class, () -> maxTokens(chat(",'min_tokens':9").sampling(), 8));
        assertEquals("min_tokens", refusal.param());
    }

    private static int maxTokens(SamplingRequest sampling, int remaining) {
        return sampling.toSamplingParams(1, remaining, LETTERS, () -> 1).getFirst().stop().maxTokens();
    }

    @ParameterizedTest
    @ValueSource(strings = {"'logit_bias':{'128':1}", "'allowed_token_ids':[128]", "'stop_token_ids':[128]"})
    void idsMustBeTheModels(String field) {
        BadRequestException refusal = assertThrows(BadRequestException.class,
                () -> chat("," + field).sampling().toSamplingParams(1, 9, LETTERS, () -> 1));
        String name = field.substring(1, field.indexOf(':') - 1);
        assertEquals(name, refusal.param());
        assertEquals(name + " must hold token ids between 0 and 127, not 128", refusal.getMessage());
    }

    @Test
    void choicesDifferInTheirSeedsOnly() {
        SamplingRequest sampling = chat(",'seed':42").sampling();
        List<SamplingParams> params = sampling.toSamplingParams(3, 9, LETTERS, NO_SEED);
        assertEquals(42, params.getFirst().seed());
        assertEquals(params, sampling.toSamplingParams(3, 9, LETTERS, NO_SEED));
        assertEquals(params.subList(0, 2), sampling.toSamplingParams(2, 9, LETTERS, NO_SEED));
        assertEquals(3, params.stream().map(SamplingParams::seed).distinct().count());
        assertNotEquals(SamplingRequest.choiceSeed(42, 1), SamplingRequest.choiceSeed(43, 1));
        Random seeds = new Random(1);
        assertEquals(new Random(1).nextLong(),
                chat("").sampling().toSamplingParams(2, 9, LETTERS, seeds::nextLong).getFirst().seed());
    }

    @Test
    void promptsOfAllForms() {
        assertEquals(List.of(new Prompt.Text("a")), completion("'prompt':'a'").prompts());
        assertEquals(List.of(new Prompt.Text("a"), new Prompt.Text("")), completion("'prompt':['a','']").prompts());
        assertEquals(List.of(new Prompt.TokenIds(List.of(1, 2))), completion("'prompt':[1,2.0]").prompts());
        assertEquals(List.of(new Prompt.TokenIds(List.of(1)), new Prompt.TokenIds(List.of(2, 3))),
                completion("'prompt':[[1],[2,3]]").prompts());
        CompletionRequest request = completion("'prompt':[[1],[127,128]],'echo':true,'suffix':'','best_of':2,'n':2");
        assertTrue(request.echo() && request.addSpecialTokens());
        assertEquals(128 + " is no id", assertThrows(BadRequestException.class,
                () -> request.requireKnownTokens(LETTERS)).getMessage().replaceAll(".*not ", "") + " is no id");
        assertEquals(5, completion("'prompt':'x','logprobs':5").sampling().numLogprobs());
        assertEquals(0, chat(",'logprobs':true").sampling().numLogprobs());
    }

    @Test
    void anyBodyIsARequestOrABadRequest() {
        String seedBody = "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
                + "\"arguments\":\"{}\"}}]}],\"n\":1,\"stop\":[\"a\"],\"logit_bias\":{\"1\":2},\"prompt\":[[1]],"
                + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"seed\":1,\"top_p\":0.5}";
        int good = 0;
        for (int seed = 0; seed < 5_000; seed++) {
            Random random = new Random(seed);
            StringBuilder body = new StringBuilder(seedBody);
            for (int damage = random.nextInt(4); damage >= 0; damage--) {
                int at = random.nextInt(body.length());
                switch (random.nextInt(3)) {
                    case 0 -> body.deleteCharAt(at);
                    case 1 -> body.insert(at, "{}[]\",:0-eE.\\".charAt(random.nextInt(13)));
                    default -> body.setCharAt(at, (char) (32 + random.nextInt(96)));
                }
            }
            byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
            try {
                ChatCompletionRequest.parse(bytes, LFM2);
                CompletionRequest.parse(bytes, LFM2);
                good++;
            } catch (BadRequestException expected) {
                assertFalse(expected.getMessage().contains("\n"), "seed " + seed);
            }
        }
        assertTrue(good > 100 && good < 4_500, good + " good");
    }
}
