package io.penstock.runtime.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JinjaTemplateTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 1, 5, 13, 4, 9);

    /**
     * Small templates with the text that Jinja2 3.1.6 gives in the sandbox that transformers sets up (trim_blocks,
     * lstrip_blocks, loop controls, its own tojson), or with the kind of its error.
     */
    static Stream<Arguments> cases() throws IOException {
        JsonNode file;
        try (InputStream in = JinjaTemplateTest.class.getResourceAsStream("/jinja/cases.json")) {
            file = new ObjectMapper().readTree(in);
        }
        List<Arguments> cases = new ArrayList<>();
        file.get("cases").forEach(one ->
            cases.add(Arguments.of(one.get("template").textValue(), one, file.get("variables"))));
        return cases.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void rendersAsPythonDoes(String source, JsonNode one, JsonNode variables) {
        Map<String, Object> values = new HashMap<>();
        variables.properties().forEach(field -> values.put(field.getKey(), value(field.getValue())));
        if (one.has("error")) {
            assertThrows(JinjaException.class, () -> JinjaTemplate.parse(source).render(values, () -> NOW));
        } else {
            Text text = JinjaTemplate.parse(source).render(values, () -> NOW);
            assertEquals(one.get("text").textValue(), text.value());
        }
    }

    private static Object value(JsonNode node) {
        if (node.isObject()) {
            Map<Text, Object> map = new LinkedHashMap<>();
            node.properties().forEach(field -> map.put(Text.of(field.getKey()), value(field.getValue())));
            return map;
        }
        if (node.isArray()) {
            List<Object> list = new ArrayList<>();
            node.forEach(item -> list.add(value(item)));
            return list;
        }
        if (node.isIntegralNumber()) {
            return Values.integer(node.bigIntegerValue());
        }
        return node.isTextual() ? Text.of(node.textValue()) : node.isBoolean() ? (Object) node.booleanValue()
            : node.isNull() ? JinjaTemplate.none() : (Object) node.doubleValue();
    }

    private static String origins(String template, String value) {
        Map<String, Object> values = Map.of("x", Text.of(value, (byte) 1), "y", Text.of(value, (byte) 2));
        Text text = JinjaTemplate.parse(template).render(values, () -> NOW);
        StringBuilder origins = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            origins.append(text.origin(i));
        }
        return text.value() + " " + origins;
    }

    @Test
    void charactersKeepTheirOrigin() {
        assertEquals("a<b c>d 0011100", origins("a<{{ x }}>d", "b c"));
        assertEquals("-bc-bc 011022", origins("-{{ x }}-{{ y }}", "bc"));
        assertEquals("b 1", origins("{{ x | trim }}", " b "));
        assertEquals("d 1", origins("{{ x.split('c')[-1] }}", "bcd"));
        assertEquals("dcb 111", origins("{{ x[::-1] }}", "bcd"));
        assertEquals("b-d 101", origins("{{ x | replace('c', '-') }}", "bcd"));
        assertEquals("b,d 101", origins("{{ x.split('c') | join(',') }}", "bcd"));
        assertEquals("BCD 111", origins("{{ x | upper }}", "bcd"));
        assertEquals("{\"k\": \"b\"} 1111111111", origins("{{ {'k': x} | tojson }}", "b"));
        assertEquals("['b', 'b'] 1111111111", origins("{{ [x, y] | string }}", "b"));
        assertEquals("<b> 010", origins("{% macro m(v) %}<{{ v }}>{% endmacro %}{{ m(x) }}", "b"));
        assertEquals("<b> 010", origins("{% set v %}<{{ x }}>{% endset %}{{ v }}", "b"));
        assertEquals("1:b 001", origins("{% set ns = namespace(t='1:') %}{% set ns.t = ns.t + x %}{{ ns.t }}", "b"));
        assertEquals("<b> 010", origins("{{ '<%s>' % x }}", "b"));
    }

    @Test
    void runawayTemplatesEnd() {
        for (String template : List.of("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{{ 'x' * 99999999999 }}", "{{ range(10000000) | list }}", "{{ 9 ** 99999 ** 9 }}",
            "(".repeat(20_000), "{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}")) {
            try {
                assertTrue(JinjaTemplate.parse(template).render(Map.of(), () -> NOW).length() < 100_000);
            } catch (JinjaException e) {
                assertTrue(e.getMessage().length() < 500, e.getMessage());
            }
        }
    }

    @Test
    void nothingOfJavaIsInReach() {
        for (String template : List.of("{{ x.getClass() }}", "{{ x.class }}{{ x.class.name }}",
            "{{ x.__class__.__mro__ }}",
            "{{ namespace.call }}{{ namespace.call.x }}",
            "{% import 'x' as y %}", "{% extends 'x' %}", "{{ self.x.y }}")) {
            assertThrows(JinjaException.class,
                () -> JinjaTemplate.parse(template).render(Map.of("x", Text.of("t")), () -> NOW), template);
        }
    }
}
