package io.penstock.runtime.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    @Test
    void aStopStringSplitAcrossPiecesIsFound() {
        StopStrings stops = new StopStrings(List.of("END", "\n\n"), false);
        StringBuilder out = new StringBuilder();
        assertFalse(stops.append("one E", out));
        assertEquals("one ", out.toString());
        assertEquals(1, stops.numHeld());
        assertFalse(stops.append("N", out));
        assertEquals("one ", out.toString());
        assertFalse(stops.append("E two\n", out));
        assertEquals("one ENE two", out.toString());
        assertTrue(stops.append("\nrest", out));
        assertEquals("one ENE two", out.toString());
        assertEquals("\n\n", stops.matched());
        assertTrue(stops.append("more", out));
        stops.finish(out);
        assertEquals("one ENE two", out.toString());
    }

    @Test
    void theStopStringIsKeptOnDemand() {
        StopStrings stops = new StopStrings(List.of("###"), true);
        StringBuilder out = new StringBuilder();
        assertFalse(stops.append("a#", out));
        assertTrue(stops.append("##b", out));
        assertEquals("a###", out.toString());
    }

    @Test
    void theEndLetsOutWhatIsHeldBack() {
        StopStrings stops = new StopStrings(List.of("stop"), false);
        StringBuilder out = new StringBuilder();
        assertFalse(stops.append("non-sto", out));
        assertEquals("non-", out.toString());
        stops.finish(out);
        assertEquals("non-sto", out.toString());
        assertNull(stops.matched());
    }

    @Test
    void theFirstCompleteMatchWinsAndOfThoseTheLongest() {
        StringBuilder out = new StringBuilder();
        StopStrings stops = new StopStrings(List.of("bcd", "abcd", "c"), false);
        assertTrue(stops.append("xabcd", out));
        assertEquals("c", stops.matched());
        assertEquals("xab", out.toString());
        out.setLength(0);
        stops = new StopStrings(List.of("bcd", "abcd"), false);
        assertTrue(stops.append("xabcd", out));
        assertEquals("abcd", stops.matched());
        assertEquals("x", out.toString());
    }

    @Test
    void stringsThatTokensSplitInsideACharacter() {
        Tokenizer tokenizer = TextGoldens.tokenizer("current");
        String text = "ok 👩‍👩‍👧‍👦 stop here";
        StopStrings stops = new StopStrings(List.of("👧‍👦 st"), false);
        Detokenizer detokenizer = new Detokenizer(tokenizer, true);
        StringBuilder piece = new StringBuilder();
        StringBuilder out = new StringBuilder();
        boolean stopped = false;
        for (int id : tokenizer.encode(text)) {
            piece.setLength(0);
            detokenizer.append(id, piece);
            stopped = stops.append(piece, out) || stopped;
        }
        assertTrue(stopped);
        assertEquals("ok 👩‍👩‍", out.toString());
    }

    @Test
    void anyCutGivesWhatTheWholeTextGives() {
        Random random = new Random(11);
        for (int round = 0; round < 5000; round++) {
            List<String> strings = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(3); i++) {
                strings.add(word(random, 1 + random.nextInt(4)));
            }
            String text = word(random, random.nextInt(14));
            boolean include = random.nextBoolean();
            int end = Integer.MAX_VALUE;
            String winner = null;
            for (String string : strings) {
                int found = text.indexOf(string);
                int foundEnd = found < 0 ? Integer.MAX_VALUE : found + string.length();
                if (foundEnd < end || found >= 0 && foundEnd == end && string.length() > winner.length()) {
                    end = foundEnd;
                    winner = string;
                }
            }
            String expected = winner == null ? text : text.substring(0, include ? end : end - winner.length());
            StopStrings stops = new StopStrings(strings, include);
            StringBuilder out = new StringBuilder();
            for (int at = 0; at < text.length(); ) {
                int next = Math.min(text.length(), at + 1 + random.nextInt(3));
                stops.append(text.substring(at, next), out);
                assertTrue(expected.startsWith(out.toString()), "let out too much");
                at = next;
            }
            stops.finish(out);
            assertEquals(expected, out.toString(), strings + " in " + text);
            assertEquals(winner, stops.matched());
        }
    }

    private static String word(Random random, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append((char) ('a' + random.nextInt(2)));
        }
        return word.toString();
    }

    @Test
    void badStopStringsAreRefused() {
        assertThrows(InputException.class, () -> new StopStrings(List.of(""), false));
        assertThrows(InputException.class, () -> new StopStrings(List.of("x".repeat(2000)), false));
        assertThrows(InputException.class, () -> new StopStrings(Collections.nCopies(65, "x"), false));
    }

    @Test
    void noStopStringsLetEverythingThrough() {
        StringBuilder out = new StringBuilder();
        assertFalse(new StopStrings(List.of(), false).append("text", out));
        assertEquals("text", out.toString());
    }
}
