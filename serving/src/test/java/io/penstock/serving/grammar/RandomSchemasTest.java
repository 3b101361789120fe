package io.penstock.serving.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.TokenGrammar;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Hundreds of schemas by chance: what is written is valid, what is valid can be written. A failure says its seed. */
class RandomSchemasTest {
    private static final int NUM_SCHEMAS = Integer.getInteger("penstock.seeds", 400);
    private static final long FIRST_SEED = Long.getLong("penstock.firstSeed", 1);

    private final Grammars grammars = Walk.grammars();

    @Test
    void bothWays() {
        int numWhole = 0;
        int numCut = 0;
        int numInstances = 0;
        int numNever = 0;
        for (long seed = FIRST_SEED; seed < FIRST_SEED + NUM_SCHEMAS; seed++) {
            var source = new RandomSchema(seed);
            JsonNode schema = source.schema(3);
            TokenGrammar grammar;
            try {
                grammar = grammars.compile(new OutputForm.JsonSchema(schema), Reasoning.NONE);
            } catch (InputException e) {
                assertTrue(e.getMessage().startsWith("permits no output at all"), "seed " + seed + ": " + e);
                numNever++;
                continue;
            }
            var judge = new SchemaJudge(schema);
            String place = "seed " + seed + ", " + schema + ": ";
            for (int i = 0; i < 5; i++) {
                Walk.Output output = Walk.random(grammar, new Random(seed * 31 + i), 400);
                if (output.isWhole()) {
                    numWhole++;
                    assertEquals("", judge.objection(output.text()), place + output.text());
                } else {
                    numCut++;
                }
                String instance = source.instance(schema, 0);
                if (instance != null) {
                    numInstances++;
                    assertEquals("", judge.objection(instance), place + "the test's own instance " + instance);
                    assertTrue(Walk.acceptsBytes(grammar, instance), place + instance);
                    assertTrue(Walk.accepts(grammar, instance), place + instance);
                }
            }
        }
        assertTrue(numWhole > 2 * NUM_SCHEMAS && numInstances > 3 * NUM_SCHEMAS && numNever < NUM_SCHEMAS / 10,
                numWhole + " whole, " + numCut + " cut, " + numInstances + " instances, " + numNever + " impossible");
    }
}
