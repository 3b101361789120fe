package io.penstock.serving.grammar;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot be demanded is refused with its place, its name and what to do. */
class RefusalsTest {
    private final Grammars grammars = Walk.grammars();

    private void assertRefused(OutputForm form, String reason) {
        var e = assertThrows(InputException.class, () -> grammars.compile(form, Reasoning.NONE));
        assertTrue(e.getMessage().contains(reason), e.getMessage());
        assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"not":{}}                                          | at its root: keyword "not" is not supported: say what
            {"properties":{"a":{"if":{}}}}                      | at /properties/a: keyword "if" is not supported
            {"then":{}}                                         | keyword "then" is not supported
            {"else":{}}                                         | keyword "else" is not supported
            {"dependentSchemas":{}}                             | keyword "dependentSchemas" is not supported
            {"dependentRequired":{}}                            | keyword "dependentRequired" is not supported
            {"dependencies":{}}                                 | keyword "dependencies" is not supported
            {"patternProperties":{}}                            | keyword "patternProperties" is not supported
            {"propertyNames":{}}                                | keyword "propertyNames" is not supported
            {"contains":{}}                                     | keyword "contains" is not supported
            {"type":"array","uniqueItems":true}                 | keyword "uniqueItems" is not supported
            {"additionalItems":false}                           | keyword "additionalItems" is not supported
            {"unevaluatedItems":false}                          | keyword "unevaluatedItems" is not supported
            {"unevaluatedProperties":true}                      | keyword "unevaluatedProperties" is not supported
            {"type":"object","minProperties":1}                 | keyword "minProperties" is not supported
            {"type":"object","maxProperties":1}                 | keyword "maxProperties" is not supported
            {"$dynamicRef":"#x"}                                | keyword "$dynamicRef" is not supported
            {"$ref":"other.json"}                               | leads out of the document
            {"$ref":"#/$defs/none"}                             | points to nothing in the document
            {"$ref":"#"}                                        | permits no output at all
            {"oneOf":[{"type":"integer"},{"type":"number"}]} | keyword "oneOf" is not supported: something may be valid
            {"anyOf":[]}                                        | anyOf must be an array of at least one schema
            {"enum":[1],"minimum":0}                            | keyword "minimum" is not supported: it is beside enum
            {"enum":[]}                                         | permits no output at all
            {"type":"date"}                                     | type must be one of array, boolean,
            {"type":[]}                                         | type must not be an empty array
            {"type":"string","format":"regex"} | format "regex" is not supported: use one of date, date-
            {"type":"string","pattern":"a(?=b)"}                | pattern: the regular expression is not usable at char
            {"type":"string","pattern":"(a^b)"}                 | pattern has an anchor (^ or $) inside
            {"type":"string","pattern":"ab*","maxLength":1} | keyword "maxLength" is not supported: it is beside pattern
            {"type":"string","pattern":"a","format":"date"} | keyword "format" is not supported: it is beside pattern
            {"type":"string","minLength":-1}                    | minLength must be an integer from 0 to 1000000, not -1
            {"type":"string","maxLength":1.5} | maxLength must be an integer from 0 to 1000000, not 1.5
            {"type":"string","minLength":3,"maxLength":2}       | permits no output at all
            {"type":"integer","minimum":"1"}                    | minimum must be a number, not "1"
            {"type":"integer","minimum":3,"maximum":2}          | permits no output at all
            {"type":"integer","multipleOf":0}                   | multipleOf must be greater than 0, not 0
            {"type":"integer","multipleOf":1009} | keyword "multipleOf" is not supported: of 1009 there are
            {"properties":[]}                                   | properties must be an object
            {"type":"object","required":"a"}                    | required must be an array of strings
            {"type":"object","required":["a"],"additionalProperties":false} | permits no output at all
            {"items":3}                                         | at /items: a schema must be an object, true or false
            {"allOf":[{"pattern":"a"},{"pattern":"b"}]}         | keyword "pattern" is not supported: it is combined
            {"allOf":[{"type":"string"},{"type":"null"}]}       | what is combined has no type in common
            {"const":"\\ud800"}                                 | half of a surrogate pair is no character
            false                                               | permits no output at all
            """)
    void schemas(String schema, String reason) {
        assertRefused(new OutputForm.JsonSchema(SchemaJudge.json(schema)), reason);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', quoteCharacter = '`', textBlock = """
            a(?=b)        ~ at character 4: a lookahead (?= is not supported
            (?!a)         ~ a lookahead (?! is not supported
            (?<=a)b       ~ a lookbehind (?<= is not supported
            (?<!a)b       ~ a lookbehind (?<! is not supported
            (?>a)         ~ an atomic group (?> is not supported
            (?i)a         ~ a group that begins with (?i is not supported
            (a)\\1        ~ a reference to a group \\1 is not supported
            a\\b          ~ a word boundary \\b is not supported
            \\p{L}        ~ the escape \\p is not supported
            \\Z           ~ the escape \\Z is not supported
            a*+           ~ a possessive quantifier is not supported
            a**           ~ a quantifier follows a quantifier
            [[:alpha:]]   ~ a POSIX class [: is not supported
            [a&&b]        ~ an intersection of classes (&&) is not supported
            [b-a]         ~ a range ends below its beginning
            [\\d-z]       ~ a range must go from one character to another
            []a]          ~ a class is empty
            [a            ~ a class is not closed
            (a            ~ a group is not closed
            a)            ~ ')' closes no group
            *a            ~ '*' repeats nothing
            a{3,2}        ~ {3,2} ends below its beginning
            a{x}          ~ '{' must be followed by counts
            a{9999999}    ~ a count is larger than 1000000
            ^*            ~ an anchor cannot be repeated
            a$b           ~ has an anchor (^ or $) inside
            \\xg1         ~ an escape needs 2 hexadecimal digits
            \\u{110000}   ~ an escape is above the last code point
            \\ud800       ~ half of a surrogate pair is no character
            [^\\s\\S]     ~ permits no output at all
            """)
    void expressions(String regex, String reason) {
        assertRefused(new OutputForm.Pattern(regex), reason);
    }
}
