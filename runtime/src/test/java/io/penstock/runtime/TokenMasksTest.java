package io.penstock.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TokenMasksTest {
    private static final int WORK = 3 * TokenMasks.MAX_WORK + 5;

    private final TokenMasks masks = new TokenMasks(new MaskLimits(4, 64));

    /** A state whose mask takes so much work the first time. */
    private static final class Costly implements TokenGrammar.State {
        private int workLeft = WORK;
        private int mostAtOnce;

        @Override
        public TokenGrammar.State after(int tokenId) {
            return this;
        }

        @Override
        public Object maskKey() {
            return this;
        }

        @Override
        public int prepareMask(int maxWork) {
            int done = Math.min(maxWork, workLeft);
            mostAtOnce = Math.max(mostAtOnce, done);
            workLeft -= done;
            return workLeft > 0 ? -1 : maxWork - done;
        }

        @Override
        public void fillMask(int[] words, int offset, int numWords) {
            assertEquals(0, workLeft);
            words[offset] = 1;
        }
    }

    @Test
    void newMasksTakeTheWorkOfAFewSteps() {
        Costly first = new Costly();
        Costly second = new Costly();
        int numSteps = 0;
        while (second.workLeft > 0) {
            masks.clear();
            masks.add(first);
            int second0 = second.workLeft;
            int first0 = first.workLeft;
            masks.add(second);
            assertTrue(first0 == 0 || second0 == second.workLeft, "the first one comes first");
            numSteps++;
        }
        assertEquals(7, numSteps);
        masks.clear();
        assertEquals(0, masks.add(first));
        assertEquals(1, masks.add(second));
        assertTrue(Math.max(first.mostAtOnce, second.mostAtOnce) <= TokenMasks.MAX_WORK);
    }
}
