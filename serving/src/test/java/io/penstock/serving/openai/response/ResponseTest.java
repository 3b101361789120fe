package io.penstock.serving.openai.response;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.serving.openai.BadRequestException;
import io.penstock.serving.output.OutputFormat;
import io.penstock.serving.output.OutputParser;
import io.penstock.serving.output.ParsedOutput;
import io.penstock.serving.output.ToolCall;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Bodies, byte for byte. */
class ResponseTest {
    private static final ResponseHeader CHAT = new ResponseHeader("chatcmpl-1", 1700000000, "m");
    private static final ResponseHeader TEXT = new ResponseHeader("cmpl-1", 1700000000, "m");
    private static final String CHUNK =
            "{'id':'chatcmpl-1','object':'chat.completion.chunk','created':1700000000,'model':'m','choices':[";
    private static final Usage USAGE = new Usage(5, 3, 2);
    private static final String USAGE_JSON = "{'prompt_tokens':5,'completion_tokens':3,'total_tokens':8,"
            + "'prompt_tokens_details':{'cached_tokens':2}}";

    private static void expect(String json, JsonBody body) {
        assertEquals(json.replace('\'', '"'), new String(body.toJson(), StandardCharsets.UTF_8));
    }

    private static TokenLogprob logprob(String token, double logprob, TokenLogprob... top) {
        return new TokenLogprob(token, token.getBytes(StandardCharsets.UTF_8), logprob, List.of(top));
    }

    private static Supplier<String> callIds() {
        int[] count = {0};
        return () -> "call_" + count[0]++;
    }

    @Test
    void chatAnswer() {
        ChatMessage message = ChatMessage.of(new ParsedOutput("Hi \u6c34", "", List.of()), callIds());
        List<TokenLogprob> logprobs = List.of(logprob("\u6c34", -0.5, logprob("x", Double.NEGATIVE_INFINITY)));
        expect("{'id':'chatcmpl-1','object':'chat.completion','created':1700000000,'model':'m','choices':["
                + "{'index':0,'message':{'role':'assistant','content':'Hi \u6c34','refusal':null},"
                + "'logprobs':{'content':[{'token':'\u6c34','logprob':-0.5,'bytes':[230,176,180],'top_logprobs':["
                + "{'token':'x','logprob':-9999.0,'bytes':[120]}]}],'refusal':null},"
                + "'finish_reason':'stop','stop_reason':'END'}],'usage':" + USAGE_JSON + "}",
                new ChatCompletionResponse(CHAT, List.of(new ChatCompletionResponse.Choice(
                        0, message, logprobs, FinishReason.STOP, "END", null)), USAGE, null, null));
    }

    @Test
    void chatAnswerWithCallsAndIds() {
        ParsedOutput output = new ParsedOutput("", "hm",
                List.of(new ToolCall("f", "{\"a\":1}"), new ToolCall("g", "{}")));
        expect("{'id':'chatcmpl-1','object':'chat.completion','created':1700000000,'model':'m','choices':["
                + "{'index':0,'message':{'role':'assistant','content':null,'refusal':null,'reasoning_content':'hm',"
                + "'tool_calls':[{'id':'call_0','type':'function','function':{'name':'f','arguments':'{\\'a\\':1}'}},"
                + "{'id':'call_1','type':'function','function':{'name':'g','arguments':'{}'}}]},'logprobs':null,"
                + "'finish_reason':'tool_calls','stop_reason':null,'token_ids':[7,8]}],'usage':" + USAGE_JSON
                + ",'prompt_token_ids':[1,2]}",
                new ChatCompletionResponse(CHAT, List.of(new ChatCompletionResponse.Choice(
                        0, ChatMessage.of(output, callIds()), null, FinishReason.STOP.withToolCalls(true), null,
                        new int[] {7, 8})), USAGE, new int[] {1, 2}, null));
        assertEquals("", ChatMessage.of(new ParsedOutput("", "", List.of()), callIds()).content());
        assertEquals(FinishReason.LENGTH, FinishReason.LENGTH.withToolCalls(true));
    }

    private static List<ChatCompletionChunk> stream(boolean includeUsage, String... pieces) {
        List<ChatCompletionChunk> chunks = new ArrayList<>();
        ChatChunkStream stream = new ChatChunkStream(CHAT, 1, includeUsage, callIds(), chunks::add);
        OutputParser parser = new OutputParser(new OutputFormat(true, true, false), stream);
        stream.begin(null);
        for (String piece : pieces) {
            parser.feed(piece);
        }
        parser.finish();
        stream.finish(FinishReason.STOP, null);
        return chunks;
    }

    @Test
    void streamedChat() {
        List<ChatCompletionChunk> chunks = stream(false, "<think>hm</think>A", "<|tool_call_start|>[f(a=1)]",
                "<|tool_call_end|>");
        String open = "'logprobs':null,'finish_reason':null}]}";
        assertEquals(6, chunks.size());
        expect(CHUNK + "{'index':1,'delta':{'role':'assistant','content':''}," + open, chunks.get(0));
        expect(CHUNK + "{'index':1,'delta':{'reasoning_content':'hm'}," + open, chunks.get(1));
        expect(CHUNK + "{'index':1,'delta':{'content':'A'}," + open, chunks.get(2));
        expect(CHUNK + "{'index':1,'delta':{'tool_calls':[{'index':0,'id':'call_0','type':'function',"
                + "'function':{'name':'f','arguments':''}}]}," + open, chunks.get(3));
        expect(CHUNK + "{'index':1,'delta':{'tool_calls':[{'index':0,'function':{'arguments':'{\\'a\\':1}'}}]},"
                + open, chunks.get(4));
        expect(CHUNK + "{'index':1,'delta':{},'logprobs':null,'finish_reason':'tool_calls','stop_reason':null}]}",
                chunks.get(5));
    }

    @Test
    void streamedUsage() {
        List<ChatCompletionChunk> chunks = stream(true, "A");
        expect(CHUNK + "{'index':1,'delta':{'content':'A'},'logprobs':null,'finish_reason':null}],'usage':null}",
                chunks.get(1));
        expect(CHUNK + "{'index':1,'delta':{},'logprobs':null,'finish_reason':'stop','stop_reason':null}],"
                + "'usage':null}", chunks.get(2));
        expect(CHUNK + "],'usage':" + USAGE_JSON + "}", ChatCompletionChunk.usageOnly(CHAT, USAGE));
    }

    @Test
    void logprobsOfHeldTextTravelWithTheNextChunk() {
        List<ChatCompletionChunk> chunks = new ArrayList<>();
        ChatChunkStream stream = new ChatChunkStream(CHAT, 0, false, callIds(), chunks::add);
        stream.begin(new int[] {9});
        stream.tokens(List.of(logprob("<", -1)), new int[] {5});
        stream.usageSoFar(USAGE);
        stream.tokens(List.of(logprob("b", -2)), new int[] {6});
        stream.content("<b");
        stream.tokens(List.of(logprob("!", -3)), new int[] {7});
        stream.finish(FinishReason.LENGTH, null);
        expect(CHUNK + "{'index':0,'delta':{'role':'assistant','content':''},'logprobs':null,'finish_reason':null}],"
                + "'prompt_token_ids':[9]}", chunks.get(0));
        expect(CHUNK + "{'index':0,'delta':{'content':'<b'},'logprobs':{'content':["
                + "{'token':'<','logprob':-1.0,'bytes':[60],'top_logprobs':[]},"
                + "{'token':'b','logprob':-2.0,'bytes':[98],'top_logprobs':[]}],'refusal':null},"
                + "'finish_reason':null,'token_ids':[5,6]}]}", chunks.get(1));
        expect(CHUNK + "{'index':0,'delta':{},'logprobs':{'content':["
                + "{'token':'!','logprob':-3.0,'bytes':[33],'top_logprobs':[]}],'refusal':null},"
                + "'finish_reason':'length','stop_reason':null,'token_ids':[7]}]}", chunks.get(2));
    }

    @Test
    void completions() {
        TokenLogprob likely = logprob(" b", -0.25);
        List<TokenLogprob> tokens = List.of(logprob("\ud83d\ude00", -1, likely, logprob(" b", -3)),
                logprob("c", -2, logprob("c", -2)));
        CompletionResponse.Choice choice = new CompletionResponse.Choice(2, "\ud83d\ude00c",
                new CompletionResponse.Logprobs(tokens, 4), FinishReason.LENGTH, null,
                new CompletionResponse.Ids(new int[] {1}, new int[] {2, 3}), null);
        String head = "{'id':'cmpl-1','object':'text_completion','created':1700000000,'model':'m','choices':[";
        expect(head + "{'text':'\\uD83D\\uDE00c','index':2,'logprobs':{'tokens':['\\uD83D\\uDE00','c'],"
                + "'token_logprobs':[-1.0,-2.0],'top_logprobs':[{' b':-0.25,'\\uD83D\\uDE00':-1.0},{'c':-2.0}],"
                + "'text_offset':[4,5]},'finish_reason':'length','stop_reason':null,'token_ids':[2,3],"
                + "'prompt_token_ids':[1]}],'usage':" + USAGE_JSON + "}",
                CompletionResponse.whole(TEXT, List.of(choice), USAGE));
        CompletionResponse.Choice piece = new CompletionResponse.Choice(0, "x", null, null, null, null, null);
        String body = head + "{'text':'x','index':0,'logprobs':null,'finish_reason':null}]";
        expect(body + "}", CompletionResponse.piece(TEXT, piece, false, null));
        expect(body + ",'usage':null}", CompletionResponse.piece(TEXT, piece, true, null));
        expect(head + "],'usage':" + USAGE_JSON + "}", CompletionResponse.usageOnly(TEXT, USAGE));
    }

    @Test
    void errors() {
        expect("{'error':{'message':'n is bad','type':'invalid_request_error','param':'n','code':null}}",
                ErrorBody.of(new BadRequestException("n is bad", "n")));
        expect("{'error':{'message':'too long','type':'invalid_request_error','param':null,"
                + "'code':'context_length_exceeded'}}", ErrorBody.of(new BadRequestException(
                        "too long", null, BadRequestException.CONTEXT_LENGTH_EXCEEDED)));
        expect("{'error':{'message':'bad','type':'invalid_request_error','param':null,'code':null}}",
                ErrorBody.of(new InputException("bad")));
    }

    @Test
    void halfASurrogatePairFromAClientIsAnswered() {
        String body = new String(ErrorBody.modelNotFound("x\ud83d").toJson(), StandardCharsets.UTF_8);
        assertEquals("{\"error\":{\"message\":\"The model 'x\ufffd' does not exist: see /v1/models\","
                + "\"type\":\"invalid_request_error\",\"param\":\"model\",\"code\":\"model_not_found\"}}", body);
    }

    @Test
    void halfASurrogatePairInTheOutputIsWritten() {
        CompletionResponse.Choice piece = new CompletionResponse.Choice(0, "x\ud83d", null, null, null, null, null);
        String body = new String(CompletionResponse.piece(TEXT, piece, false, null).toJson(), StandardCharsets.UTF_8);
        assertTrue(body.contains("\"text\":\"x\\uD83D\","), body);
    }

    @Test
    void models() {
        expect("{'object':'list','data':[{'id':'m','object':'model','created':5,'owned_by':'penstock',"
                + "'root':'/models/m','max_model_len':4096}]}",
                new ModelList(List.of(new ModelList.Model("m", 5, "penstock", "/models/m", 4096))));
    }
}
