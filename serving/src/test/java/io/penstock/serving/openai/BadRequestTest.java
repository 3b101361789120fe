package io.penstock.serving.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every refusal with its message and the field that it names. */
class BadRequestTest {
    private static final String USER = "{\"role\":\"user\",\"content\":\"Hi\"}";
    private static final String TOOLS = "'tools':[{'type':'function','function':{'name':'f'}}]";
    private static final String CALL =
            "'messages':[{'role':'assistant','tool_calls':[{'id':'1','function':{'name':'f','arguments':%s}}]}]";

    private static BadRequestException refusalOf(String field) {
        String json = "{\"messages\":[" + USER + "]," + field.replace('\'', '"') + "}";
        return assertThrows(BadRequestException.class, () -> ChatCompletionRequest.parse(
                json.getBytes(StandardCharsets.UTF_8), SamplingDefaults.NEUTRAL), json);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', value = {
        "'messages':null|messages|messages must be an array of at least one message",
        "'messages':[]|messages|messages must be an array of at least one message",
        "'messages':'x'|messages|messages must be an array, not \"x\"",
        "'messages':[3]|messages[0]|messages[0] must be an object, not 3",
        "'messages':[null]|messages[0]|messages[0] must be an object, not null",
        "'messages':[{'content':'x'}]|messages[0].role|"
            + "messages[0].role must be given, as a string that is not empty",
        "'messages':[{'role':1,'content':'x'}]|messages[0].role|messages[0].role must be a string, not 1",
        "'messages':[{'role':'robot','content':'x'}]|messages[0].role|"
            + "messages[0].role must be one of system, developer, user, assistant, tool, function, not \"robot\"",
        "'messages':[{'role':'user'}]|messages[0].content|messages[0].content must be a string or an array of parts; "
            + "only an assistant's message with tool_calls may leave it out",
        "'messages':[{'role':'assistant','content':null,'tool_calls':[]}]|messages[0].content|messages[0].content "
            + "must be a string or an array of parts; only an assistant's message with tool_calls may leave it out",
        "'messages':[{'role':'user','content':5}]|messages[0].content|"
            + "messages[0].content must be a string or an array of parts, not 5",
        "'messages':[{'role':'user','content':{'type':'text'}}]|messages[0].content|"
            + "messages[0].content must be a string or an array of parts, not an object",
        "'messages':[{'role':'user','content':[1]}]|messages[0].content[0]|"
            + "messages[0].content[0] must be an object, not 1",
        "'messages':[{'role':'user','content':[{}]}]|messages[0].content[0].type|"
            + "messages[0].content[0].type must be given, as a string that is not empty",
        "'messages':[{'role':'user','content':[{'type':'image_url'}]}]|messages[0].content[0].type|messages[0]"
            + ".content[0].type must be \"text\", the only kind of part that the model reads, not \"image_url\"",
        "'messages':[{'role':'user','content':[{'type':'text'}]}]|messages[0].content[0].text|"
            + "messages[0].content[0].text must be given, as a string",
        "'messages':[{'role':'user','content':'','name':2}]|messages[0].name|messages[0].name must be a string, not 2",
        "'messages':[{'role':'assistant','tool_calls':{}}]|messages[0].tool_calls|"
            + "messages[0].tool_calls must be an array, not an object",
        "'messages':[{'role':'assistant','tool_calls':[1]}]|messages[0].tool_calls[0]|"
            + "messages[0].tool_calls[0] must be an object, not 1",
        "'messages':[{'role':'assistant','tool_calls':[{'function':{}}]}]|messages[0].tool_calls[0].function.name|"
            + "messages[0].tool_calls[0].function.name must be given, as a string that is not empty",
        "'model':1|model|model must be a string, not 1",
        "'stream':'yes'|stream|stream must be true or false, not \"yes\"",
        "'stream':1|stream|stream must be true or false, not 1",
        "'stream_options':{}|stream_options|stream_options must only be given with stream = true",
        "'stream':true,'stream_options':1|stream_options|stream_options must be an object, not 1",
        "'stream':true,'stream_options':{'include_usage':1}|stream_options.include_usage|"
            + "stream_options.include_usage must be true or false, not 1",
        "'n':0|n|n must be between 1 and 128, not 0",
        "'n':129|n|n must be between 1 and 128, not 129",
        "'n':1.5|n|n must be an integer, not 1.5",
        "'n':true|n|n must be an integer, not true",
        "'n':99999999999|n|n must be between 1 and 128, not 99999999999",
        "'max_tokens':'x'|max_tokens|max_tokens must be an integer, not \"x\""
    })
    void messages(String field, String param, String message) {
        BadRequestException refusal = refusalOf(field);
        assertEquals(message, refusal.getMessage());
        assertEquals(param, refusal.param());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', value = {
        "'max_tokens':0|max_tokens|max_tokens must be at least 1, not 0",
        "'max_completion_tokens':-1|max_completion_tokens|max_completion_tokens must be at least 1, not -1",
        "'max_completion_tokens':5,'max_tokens':[]|max_tokens|max_tokens must be an integer, not an array",
        "'temperature':-1|temperature|temperature must be between 0 and 100, not -1.0",
        "'temperature':'hot'|temperature|temperature must be a number, not \"hot\"",
        "'temperature':1e999|temperature|temperature must be between 0 and 100, not Infinity",
        "'top_p':5|top_p|top_p must be above 0 and at most 1, not 5.0",
        "'top_p':0|top_p|top_p must be above 0 and at most 1, not 0.0",
        "'top_k':-2|top_k|top_k must be at least -1, not -2",
        "'min_p':1.5|min_p|min_p must be between 0 and 1, not 1.5",
        "'repetition_penalty':0|repetition_penalty|repetition_penalty must be greater than 0, not 0.0",
        "'frequency_penalty':3|frequency_penalty|frequency_penalty must be between -2 and 2, not 3.0",
        "'presence_penalty':-3|presence_penalty|presence_penalty must be between -2 and 2, not -3.0",
        "'logit_bias':[]|logit_bias|logit_bias must be an object, not an array",
        "'logit_bias':{'a':1}|logit_bias|logit_bias must have token ids as keys, not \"a\"",
        "'logit_bias':{'-1':1}|logit_bias|logit_bias must have token ids as keys, not \"-1\"",
        "'logit_bias':{'5':'x'}|logit_bias.5|logit_bias.5 must be a number, not \"x\"",
        "'logit_bias':{'5':101}|logit_bias|logit_bias values must be between -100 and 100, not 101.0",
        "'stop':5|stop|stop must be a string or an array of strings, not 5",
        "'stop':['a',5]|stop[1]|stop[1] must be a string, not 5",
        "'stop':''|stop|stop must not hold an empty string",
        "'stop':['a','']|stop|stop must not hold an empty string",
        "'stop_token_ids':5|stop_token_ids|stop_token_ids must be an array, not 5",
        "'stop_token_ids':[1,'2']|stop_token_ids[1]|stop_token_ids[1] must be an integer, not \"2\"",
        "'stop_token_ids':[-1]|stop_token_ids[0]|stop_token_ids[0] must be at least 0, not -1",
        "'seed':'x'|seed|seed must be an integer of 64 bits, not \"x\"",
        "'seed':1e30|seed|seed must be an integer of 64 bits, not 1.0E30",
        "'logprobs':3|logprobs|logprobs must be true or false, not 3",
        "'logprobs':true,'top_logprobs':21|top_logprobs|top_logprobs must be between 0 and 20, not 21",
        "'top_logprobs':2|top_logprobs|top_logprobs must only be given with logprobs = true",
        "'min_tokens':-1|min_tokens|min_tokens must be at least 0, not -1",
        "'min_tokens':9,'max_tokens':8|min_tokens|min_tokens must be between 0 and max_tokens (8), not 9"
    })
    void choicesAndFilters(String field, String param, String message) {
        BadRequestException refusal = refusalOf(field);
        assertEquals(message, refusal.getMessage());
        assertEquals(param, refusal.param());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', value = {
        "'ignore_eos':0|ignore_eos|ignore_eos must be true or false, not 0",
        "'include_stop_str_in_output':''|include_stop_str_in_output|"
            + "include_stop_str_in_output must be true or false, not \"\"",
        "'skip_special_tokens':{}|skip_special_tokens|skip_special_tokens must be true or false, not an object",
        "'return_token_ids':1|return_token_ids|return_token_ids must be true or false, not 1",
        "'bad_words':'x'|bad_words|bad_words must be an array, not \"x\"",
        "'bad_words':[' ']|bad_words[0]|bad_words must not hold an empty word",
        "'allowed_token_ids':[]|allowed_token_ids|"
            + "allowed_token_ids must not be empty: leave it out to allow all tokens",
        "'prompt_logprobs':21|prompt_logprobs|prompt_logprobs must be between -1 and 20, not 21",
        "'prompt_logprobs':1,'stream':true|prompt_logprobs|"
            + "prompt_logprobs must not be given with stream = true: they come with a whole answer",
        "'chat_template_kwargs':[]|chat_template_kwargs|chat_template_kwargs must be an object, not an array",
        "'add_generation_prompt':'no'|add_generation_prompt|add_generation_prompt must be true or false, not \"no\"",
        "'add_generation_prompt':true,'continue_final_message':true|continue_final_message|"
            + "continue_final_message must not be given together with add_generation_prompt = true",
        "'priority':'high'|priority|priority must be an integer, not \"high\"",
        "'request_id':''|request_id|request_id must have 1 to 256 characters, not 0",
        "'truncate_prompt_tokens':0|truncate_prompt_tokens|"
            + "truncate_prompt_tokens must be at least 1, or -1 for the model's context, not 0",
        "'tools':{}|tools|tools must be an array, not an object",
        "'tools':[1]|tools[0]|tools[0] must be an object, not 1",
        "'tools':[{'type':'web'}]|tools[0].type|tools[0].type must be \"function\", not \"web\"",
        "'tools':[{'type':'function'}]|tools[0].function|tools[0].function must be an object, not null",
        "'tools':[{'type':'function','function':{}}]|tools[0].function.name|"
            + "tools[0].function.name must be given, as a string that is not empty",
        "'tools':[{'type':'function','function':{'name':'f','parameters':1}}]|tools[0].function.parameters|"
            + "tools[0].function.parameters must be an object, not 1",
        "'tool_choice':'always'|tool_choice|"
            + "tool_choice must be \"none\", \"auto\", \"required\" or a function, not \"always\"",
        "'tool_choice':1|tool_choice|tool_choice must be \"none\", \"auto\", \"required\" or a function, not 1",
        "'tool_choice':'required'|tool_choice|tool_choice must not demand a call where tools is empty",
        "'tool_choice':{'type':'x'}|tool_choice.type|tool_choice.type must be \"function\", not \"x\"",
        TOOLS + ",'tool_choice':{'type':'function','function':{'name':'g'}}|tool_choice|"
            + "tool_choice must name a function of tools, not \"g\"",
        TOOLS + ",'parallel_tool_calls':1|parallel_tool_calls|parallel_tool_calls must be true or false, not 1",
        "'response_format':'json'|response_format|response_format must be an object, not \"json\"",
        "'response_format':{'type':'xml'}|response_format.type|"
            + "response_format.type must be \"text\", \"json_object\" or \"json_schema\", not \"xml\"",
        "'response_format':{'type':'json_schema'}|response_format.json_schema|"
            + "response_format.json_schema must be an object, not null",
        "'response_format':{'type':'json_schema','json_schema':{}}|response_format.json_schema.schema|"
            + "response_format.json_schema.schema must be an object, not null"})
    void stopsAndTools(String field, String param, String message) {
        BadRequestException refusal = refusalOf(field);
        assertEquals(message, refusal.getMessage());
        assertEquals(param, refusal.param());
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "[]", "true", "'no json'", "'[1]'", "'3'", "'{'", "'{} {}'", "'{\\'a\\': }'"})
    void argumentsOfEarlierCallsMustBeAnObject(String arguments) {
        String json = arguments.replace("\\'", "\\\"");
        BadRequestException refusal = refusalOf(CALL.formatted(json));
        String param = "messages[0].tool_calls[0].function.arguments";
        assertEquals(param, refusal.param());
        assertTrue(refusal.getMessage().startsWith(param + " must be a JSON object, or a string that holds one, not "),
                refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', value = {
        "'x':1|prompt|prompt must be given: a string, an array of strings, of token ids, or of arrays of token ids",
        "'prompt':null|prompt|"
            + "prompt must be given: a string, an array of strings, of token ids, or of arrays of token ids",
        "'prompt':5|prompt|"
            + "prompt must be a string, an array of strings, of token ids, or of arrays of token ids, not 5",
        "'prompt':[]|prompt|prompt must not be an empty array",
        "'prompt':['a',1]|prompt[1]|prompt[1] must be a string, not 1",
        "'prompt':[1,'a']|prompt[1]|prompt[1] must be an integer, not \"a\"",
        "'prompt':[1,-1]|prompt[1]|prompt[1] must be at least 0, not -1",
        "'prompt':[[1],[]]|prompt[1]|prompt[1] must hold at least one token id",
        "'prompt':[[1],2]|prompt[1]|prompt[1] must be an array of token ids, not 2",
        "'prompt':[{}]|prompt[0]|prompt[0] must be an array of token ids, not an object",
        "'prompt':'x','suffix':'y'|suffix|suffix is not supported: the model only writes on; leave it out",
        "'prompt':'x','echo':1|echo|echo must be true or false, not 1",
        "'prompt':'x','logprobs':true|logprobs|logprobs must be an integer, not true",
        "'prompt':'x','logprobs':21|logprobs|logprobs must be between 0 and 20, not 21",
        "'prompt':'x','best_of':3|best_of|"
            + "best_of must be n (1): choices are not selected among more, not 3",
        "'prompt':'x','min_tokens':17|min_tokens|min_tokens must be between 0 and max_tokens (16), not 17",
        "'prompt':'x','add_special_tokens':1|add_special_tokens|add_special_tokens must be true or false, not 1"})
    void completions(String field, String param, String message) {
        String json = "{" + field.replace('\'', '"') + "}";
        BadRequestException refusal = assertThrows(BadRequestException.class, () -> CompletionRequest.parse(
                json.getBytes(StandardCharsets.UTF_8), SamplingDefaults.NEUTRAL), json);
        assertEquals(message, refusal.getMessage());
        assertEquals(param, refusal.param());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "not json", "{\"model\": \"x\", \"messages\": [}", "[]", "null", "3", "{} {}",
        "{\"messages\": \"\u0001\"}", "{'a': 1}"})
    void bodiesThatAreNoJsonObject(String body) {
        BadRequestException refusal = assertThrows(BadRequestException.class, () -> ChatCompletionRequest.parse(
                body.getBytes(StandardCharsets.UTF_8), SamplingDefaults.NEUTRAL));
        assertNull(refusal.param());
        assertTrue(refusal.getMessage().startsWith("the body must be "), refusal.getMessage());
        assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
        assertFalse(refusal.getMessage().contains("com.fasterxml"), refusal.getMessage());
    }

    @Test
    void bytesThatAreNoUtf8() {
        byte[] body = {'{', '"', (byte) 0xc3, (byte) 0x28, '"', ':', '1', '}'};
        BadRequestException refusal = assertThrows(BadRequestException.class,
                () -> ChatCompletionRequest.parse(body, SamplingDefaults.NEUTRAL));
        assertTrue(refusal.getMessage().startsWith("the body must be "), refusal.getMessage());
    }

    @Test
    void nestingWithoutEnd() {
        byte[] body = ("{\"messages\":" + "[".repeat(1_000_000)).getBytes(StandardCharsets.UTF_8);
        BadRequestException refusal = assertThrows(BadRequestException.class,
                () -> ChatCompletionRequest.parse(body, SamplingDefaults.NEUTRAL));
        assertTrue(refusal.getMessage().contains("nesting depth"), refusal.getMessage());
    }

    @Test
    void longValuesAreShortened() {
        String message = refusalOf("'stream':'" + "x".repeat(500) + "'").getMessage();
        assertTrue(message.length() < 100, message);
    }
}
