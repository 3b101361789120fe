package io.penstock.runtime.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of goldens/chat, with the built-in layout and with the Jinja engine on the golden template. */
class ChatGoldenTest {
    private static final ChatTemplate BUILT_IN = ChatGoldens.builtIn();
    private static final ChatTemplate JINJA = ChatGoldens.jinja();

    static Stream<Arguments> cases() {
        return StreamSupport.stream(ChatGoldens.cases().spliterator(), false)
            .map(one -> Arguments.of(one.get("name").textValue(), one));
    }

    @Test
    void allCasesAreThere() {
        assertEquals(111, ChatGoldens.cases().size());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void bothEnginesGiveTheText(String name, JsonNode one) {
        JsonNode tools = one.get("tools");
        ChatOptions options = ChatGoldens.options(one);
        for (ChatTemplate template : List.of(BUILT_IN, JINJA)) {
            if (one.hasNonNull("error")) {
                InputException refusal = assertThrows(InputException.class,
                    () -> template.render(one.get("messages"), tools, options));
                assertEquals(one.get("error").textValue(), refusal.getMessage(), template.name());
            } else {
                String text = template.render(one.get("messages"), tools, options);
                assertEquals(one.get("text").textValue(), text, template.name());
            }
        }
    }
}
