package io.penstock.runtime.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which template a checkpoint has, and what renders it. */
class ChatTemplateTest {
    private static final JsonNode QUESTION = ChatGoldens.json("[{\"role\": \"user\", \"content\": \"q\"}]");

    @TempDir
    Path checkpoint;

    @Test
    void aKnownTextIsRenderedByItsTwin() throws IOException {
        assertEquals("built-in LFM2.5", ChatTemplate.load(ChatGoldens.ROOT.resolve("models/penstock-demo")).name());
        String text = ChatGoldens.text(ChatGoldens.ROOT.resolve("goldens/chat/chat_template.jinja"));
        Files.writeString(checkpoint.resolve("chat_template.jinja"), text.replace("\n", "\r\n") + "\n\n");
        assertInstanceOf(Lfm2ChatTemplate.class, ChatTemplate.load(checkpoint));
        String other = text.replace("'<|im_start|>assistant\\n' -}}\n{%- endif -%}",
            "'<|im_start|>assistant\\n<think>' -}}\n{%- endif -%}");
        Files.writeString(checkpoint.resolve("chat_template.jinja"), other);
        ChatTemplate template = ChatTemplate.load(checkpoint);
        assertInstanceOf(JinjaChatTemplate.class, template);
        assertEquals("<|startoftext|><|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n<think>",
            template.render(QUESTION, null, ChatOptions.DEFAULT));
    }

    @Test
    void theTokenizerConfigMayHoldIt() throws IOException {
        Path config = checkpoint.resolve("tokenizer_config.json");
        Files.writeString(config, """
            {"bos_token": {"content": "<s>"}, "chat_template": "{{ bos_token }}{{ messages[0].content }}"}""");
        assertEquals("<s>q", ChatTemplate.load(checkpoint).render(QUESTION, null, ChatOptions.DEFAULT));
        Files.writeString(config, """
            {"chat_template": [{"name": "rag", "template": "r"}, {"name": "default", "template": "d"}]}""");
        assertEquals("d", ChatTemplate.load(checkpoint).render(QUESTION, null, ChatOptions.DEFAULT));
        Path file = Files.writeString(checkpoint.resolve("own.jinja"), "own {{ style }}");
        ChatOptions options = new ChatOptions(true, null, Map.of("style", ChatGoldens.json("\"x\"")));
        assertEquals("own x", ChatTemplate.load(checkpoint, file.toString()).render(QUESTION, null, options));
        assertEquals("built-in LFM2", ChatTemplate.load(checkpoint, "lfm2").name());
        assertEquals("built-in LFM2.5", ChatTemplate.load(checkpoint, "lfm2.5").name());
    }

    @Test
    void noTemplateOrABrokenOneIsRefused() throws IOException {
        assertRefused(checkpoint, "--chat-template");
        Files.writeString(checkpoint.resolve("tokenizer_config.json"), "{");
        assertRefused(checkpoint, "not valid JSON");
        Files.writeString(checkpoint.resolve("tokenizer_config.json"), "{}");
        assertRefused(checkpoint, "--chat-template");
        for (String broken : new String[] {"{% if %}", "{{ x", "{% include 'x' %}", "{{ x | nope }}", "{% for x in y %}"}) {
            Files.writeString(checkpoint.resolve("chat_template.jinja"), broken);
            assertRefused(checkpoint, "line 1");
        }
        assertThrows(InputException.class, () -> ChatTemplate.load(checkpoint, "/no/such/file"));
    }

    private static void assertRefused(Path checkpoint, String mention) {
        String message = assertThrows(InputException.class, () -> ChatTemplate.load(checkpoint)).getMessage();
        assertTrue(message.contains(mention) && !message.contains("\n"), message);
    }

    @Test
    void failuresOfATemplateNameTheLine() {
        ChatTemplate template = ChatGoldens.jinja("ok\n{{ messages[0].x.y }}");
        String message = assertThrows(InputException.class,
            () -> template.render(QUESTION, null, ChatOptions.DEFAULT)).getMessage();
        assertTrue(message.contains("line 2") && message.contains("'x'"), message);
    }

    @Test
    void theOlderGenerationMarksToolsAndResults() {
        ChatTemplate template = new Lfm2ChatTemplate(Lfm2ChatTemplate.Generation.LFM2, "<|startoftext|>");
        JsonNode messages = ChatGoldens.json("""
            [{"role": "system", "content": "s"}, {"role": "user", "content": "q"},
             {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": "b"}}}]},
             {"role": "tool", "content": "r"}]""");
        JsonNode tools = ChatGoldens.json("[{\"name\": \"f\"}, {\"name\": \"g\"}]");
        assertEquals("""
            <|startoftext|><|im_start|>system
            s
            List of tools: <|tool_list_start|>[{"name": "f"}, {"name": "g"}]<|tool_list_end|><|im_end|>
            <|im_start|>user
            q<|im_end|>
            <|im_start|>assistant
            <|tool_call_start|>[f(a='b')]<|tool_call_end|><|im_end|>
            <|im_start|>tool
            <|tool_response_start|>r<|tool_response_end|><|im_end|>
            <|im_start|>assistant
            """, template.render(messages, tools, ChatOptions.DEFAULT));
    }

    @Test
    void textThatLooksFalseIsText() {
        ObjectNode system = ChatGoldens.JSON.createObjectNode().put("role", "system").put("content", "false");
        JsonNode messages = ChatGoldens.JSON.createArrayNode().add(system);
        for (ChatTemplate template : new ChatTemplate[] {ChatGoldens.builtIn(), ChatGoldens.jinja()}) {
            assertEquals("<|startoftext|><|im_start|>system\nfalse<|im_end|>\n",
                template.render(messages, null, new ChatOptions(false, null, Map.of())));
        }
    }

    @Test
    void preserveThinkingMayComeAsAVariable() {
        JsonNode messages = ChatGoldens.json("""
            [{"role": "assistant", "content": "a", "thinking": "t"}, {"role": "user", "content": "q"}]""");
        ChatOptions options = new ChatOptions(false, null, Map.of("preserve_thinking", ChatGoldens.json("true")));
        for (ChatTemplate template : new ChatTemplate[] {ChatGoldens.builtIn(), ChatGoldens.jinja()}) {
            assertTrue(template.render(messages, null, options).contains("<think>t</think>a"));
        }
    }
}
