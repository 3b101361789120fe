package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A request gives bit for bit what it gives alone, whatever the traffic around it and the memory there is. */
class SameTokensTest {
    private static final int NUM_SEEDS = Integer.getInteger("penstock.seeds", 60);
    private static final long FIRST_SEED = Long.getLong("penstock.firstSeed", 1);

    private static DemoModel demo;
    private static References references;
    private static List<Recipe> recipes;

    @BeforeAll
    static void open() {
        demo = new DemoModel();
        references = new References(demo.runner);
        recipes = withNextTurns(Recipe.kinds(40, 1), references);
        Recipe.kinds(16, 3).forEach(recipe -> recipes.add(recipe.constrained()));
    }

    @AfterAll
    static void close() {
        demo.close();
    }

    static List<Recipe> withNextTurns(List<Recipe> first, References references) {
        List<Recipe> all = new ArrayList<>(first);
        Random random = new Random(2);
        for (int i = 0; i < first.size() / 3; i++) {
            all.add(first.get(i).nextTurn(references.of(first.get(i)), random));
        }
        return all;
    }

    @Test
    void inAnyBatch() {
        long numHits = 0;
        long numPartialHits = 0;
        long numSwaps = 0;
        long numRecomputes = 0;
        long numForks = 0;
        long numEvicted = 0;
        long numStalled = 0;
        long numDiscarded = 0;
        for (long seed = FIRST_SEED; seed < FIRST_SEED + NUM_SEEDS; seed++) {
            SchedulerStats stats = new Traffic(Scenario.of(seed), recipes, demo.runner).run(references);
            numHits += stats.numCachedTokens();
            numPartialHits += stats.numPartialHits();
            numSwaps += stats.numPreemptionsBySwap();
            numRecomputes += stats.numPreemptionsByRecompute();
            numForks += stats.numForks();
            numEvicted += stats.numEvictedBlocks();
            numStalled += stats.numStalledRows();
            numDiscarded += stats.numDiscardedRows();
        }
        assertTrue(numHits > 0 && numPartialHits > 0 && numSwaps > 0 && numRecomputes > 0 && numForks > 0
                && numEvicted > 0 && numStalled > 0 && numDiscarded > 0,
                "something never happened: cached tokens " + numHits + ", hits in a block " + numPartialHits
                + ", swaps " + numSwaps + ", recomputes " + numRecomputes + ", forks " + numForks
                + ", evicted blocks " + numEvicted + ", stalled rows " + numStalled + ", discarded rows "
                + numDiscarded);
    }
}
