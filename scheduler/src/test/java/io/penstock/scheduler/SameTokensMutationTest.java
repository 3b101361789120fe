package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.scheduler.Traffic.Mismatch;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The comparison of {@link SameTokensTest} finds every mistake that is planted in the batches. */
class SameTokensMutationTest {
    private static final int MAX_SEEDS = 40;

    private static DemoModel demo;
    private static References references;
    private static List<Recipe> recipes;

    @BeforeAll
    static void open() {
        demo = new DemoModel();
        references = new References(demo.runner);
        recipes = SameTokensTest.withNextTurns(Recipe.kinds(40, 1), references);
    }

    @AfterAll
    static void close() {
        demo.close();
    }

    @Test
    void nothingIsFoundWhereNothingIsPlanted() {
        for (long seed = 1; seed <= 4; seed++) {
            Scenario scenario = Scenario.of(seed);
            assertDoesNotThrow(() -> run(scenario, Mutation.NONE));
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void isFound(Mutation mutation) {
        Scenario scenario = null;
        boolean isFound = false;
        for (long seed = 1; seed <= MAX_SEEDS && !isFound; seed++) {
            Scenario any = Scenario.of(seed);
            scenario = mutation == Mutation.TOKEN_OF_ANOTHER_ROW ? any.synchronous() : any;
            isFound = isFound(scenario, mutation);
        }
        assertTrue(isFound, mutation + " is not found with " + MAX_SEEDS + " seeds");
        assertFalse(isFound(scenario, Mutation.NONE), "found without " + mutation);
    }

    private static boolean isFound(Scenario scenario, Mutation mutation) {
        try {
            run(scenario, mutation);
            return false;
        } catch (Mismatch e) {
            return true;
        }
    }

    private static void run(Scenario scenario, Mutation mutation) {
        var runner = new MutatedRunner(demo.runner, mutation);
        try {
            new Traffic(scenario, recipes, runner).run(references);
        } finally {
            runner.drain();
        }
    }
}
