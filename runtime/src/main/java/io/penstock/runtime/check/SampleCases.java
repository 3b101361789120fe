package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.MaskLimits;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.TokenGrammar;
import io.penstock.runtime.TokenMasks;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.sampling.CounterRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Sequences that sample for some steps: every token is that of the CPU's sampler, whatever is asked for. */
final class SampleCases {
    private static final String NAME = "sample";
    private static final int HIDDEN = 8;
    private static final int BLOCKS_PER_SEQ = 2;

    private SampleCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int vocab : new int[] {777, 512, 640, 64, 4203, 9001}) {
            all.add(OperationCase.small(NAME, "plain of " + vocab, trial -> check(trial, vocab, 6, 5, Wish.PLAIN)));
            all.add(OperationCase.small(
                    NAME, "recommended of " + vocab, trial -> check(trial, vocab, 6, 4, Wish.RECOMMENDED)));
            all.add(OperationCase.small(
                    NAME, "anything of " + vocab, trial -> check(trial, vocab, 12, 4, Wish.ANYTHING)));
        }
        for (SamplingInputs.Kind kind : SamplingInputs.Kind.values()) {
            all.add(OperationCase.small(
                    NAME, "anything from " + kind, trial -> Run.of(trial, 777, 12).steps(2, Wish.ANYTHING, kind)));
        }
        all.add(OperationCase.small(NAME, "forks of one prompt", SampleCases::forks));
        all.add(OperationCase.small(NAME, "masks, and rows that sample nothing", SampleCases::masks));
        all.add(OperationCase.small(NAME, "tokens as good as each other", SampleCases::closeRaces));
        all.add(OperationCase.small(NAME, "a nucleus of many tokens", SampleCases::manyCandidates));
        all.add(OperationCase.small(NAME, "a row alone and among others", SampleCases::aloneAndAmongOthers));
        for (int vocab : new int[] {65_539, 128_000}) {
            all.add(OperationCase.large(
                    NAME, "a few rows of " + vocab, trial -> check(trial, vocab, 5, 1, Wish.RECOMMENDED)));
        }
        for (Wish wish : Wish.values()) {
            all.add(OperationCase.large(
                    NAME, wish + " of 128000", trial -> check(trial, 128_000, 64, 4, wish)));
        }
        return all;
    }

    /** Logits that come from the LM head, of rows of which some need them and some do not. */
    static List<OperationCase> fromHead() {
        List<OperationCase> all = new ArrayList<>();
        String name = "sample_from_head";
        for (int[] size : new int[][] {{776, 6}, {512, 1}, {4200, 7}, {136, 70}}) {
            String sizes = size[1] + " rows of " + size[0];
            for (Wish wish : new Wish[] {Wish.PLAIN, Wish.ANYTHING}) {
                all.add(OperationCase.small(name, wish + ", " + sizes,
                        trial -> Run.of(trial, size[0], size[1]).stepsFromHead(2, wish)));
            }
        }
        // On 9.0 the head takes its larger variant.
        all.add(OperationCase.small(name, "65 rows of 5640",
                trial -> Run.of(trial, 5640, 65).stepsFromHead(1, Wish.PLAIN)));
        all.add(OperationCase.small(name, "tokens as good as each other", SampleCases::closeRacesFromHead));
        all.add(OperationCase.small(name, "the same in any batch, 290 rows", SampleCases::headInAnyBatch));
        all.add(OperationCase.large(name, "64 rows of 65536",
                trial -> Run.of(trial, 65_536, 64).stepsFromHead(2, Wish.PLAIN)));
        return all;
    }

    /** What sequences ask for. */
    private enum Wish {
        PLAIN,
        RECOMMENDED,
        ANYTHING;

        private SamplingParams params(SamplingInputs inputs, int index) {
            return switch (this) {
                case PLAIN -> inputs.plain(new double[] {0, 1, 0.3, 100, 1e-300}[index % 5]);
                case RECOMMENDED -> inputs.recommended();
                case ANYTHING -> inputs.any();
            };
        }
    }

    private static void check(Trial trial, int vocab, int numSeqs, int numSteps, Wish wish) {
        Run.of(trial, vocab, numSeqs).steps(numSteps, wish, null);
    }

    /** Both backends with the same sequences. */
    private record Run(Trial trial, SamplingInputs inputs, ModelConfig config, ModelLimits limits, int numSeqs) {
        static Run of(Trial trial, int vocab, int numSeqs) {
            ModelLimits limits = new ModelLimits(
                    numSeqs, 128 * numSeqs, 64 * BLOCKS_PER_SEQ, BLOCKS_PER_SEQ * numSeqs, 1);
            return new Run(trial, new SamplingInputs(trial.samples(), vocab), Samples.config(vocab, HIDDEN, 1, 1),
                    limits, numSeqs);
        }

        int vocab() {
            return config.vocabSize();
        }

        /** Starts all sequences with a prompt and some output, and samples for some steps. */
        void steps(int numSteps, Wish wish, SamplingInputs.Kind kind) {
            Samples samples = trial.samples();
            float[] table = samples.normal(vocab() * HIDDEN, 1);
            int[] slots = samples.permutation(numSeqs);
            int[] lengths = new int[numSeqs];
            try (OperationBackend backend = trial.open(config, limits);
                    OperationBackend twin = trial.twin(config, limits)) {
                ForwardBatch batch = new ForwardBatch(limits);
                for (int s = 0; s < numSeqs; s++) {
                    int promptLength = 1 + samples.nextInt(60);
                    int[] tokens = inputs.tokens(promptLength + samples.nextInt(50));
                    SamplingParams params = wish.params(inputs, s);
                    backend.startSequence(slots[s], params, tokens, promptLength, tokens.length);
                    twin.startSequence(slots[s], params, tokens, promptLength, tokens.length);
                    lengths[s] = tokens.length;
                    batch.sample(batch.addSequence(slots[s], tokens, 0, tokens.length, 0, blocks(batch, slots[s])));
                }
                for (int step = 0; step < numSteps; step++) {
                    backend.embed(table, batch);
                    String what = wish + " from " + kind + ", step " + step;
                    compare(what, backend, twin, batch, logits(batch.numLogits(), kind));
                    batch = new ForwardBatch(limits);
                    for (int s = 0; s < numSeqs; s++) {
                        int[] blocks = blocks(batch, slots[s]);
                        int slot = blocks[lengths[s] / 64] * 64 + lengths[s] % 64;
                        batch.sample(batch.addDecode(slots[s], ForwardBatch.LAST_SAMPLED, lengths[s]++, slot));
                    }
                }
            }
        }

        /** As {@link #steps}; rows of the head are such that logits are those of a kind, or sums of many products. */
        void stepsFromHead(int numSteps, Wish wish) {
            try (OperationBackend backend = trial.open(config, limits);
                    OperationBackend twin = trial.twin(config, limits)) {
                ForwardBatch batch = prompts(backend, twin, wish);
                for (int step = 0; step < numSteps; step++) {
                    backend.embed(trial.samples().normal(vocab() * HIDDEN, 1), batch);
                    Head head = step % 2 == 0 ? Head.ofKinds(this) : Head.ofSums(this);
                    head.compare(wish + ", step " + step, backend, twin, batch);
                    ForwardBatch next = new ForwardBatch(limits);
                    for (int s = 0; s < numSeqs; s++) {
                        int length = batch.seqLenK(s);
                        int slot = blocks(next, batch.convSlot(s))[length / 64] * 64 + length % 64;
                        next.sample(next.addDecode(batch.convSlot(s), ForwardBatch.LAST_SAMPLED, length, slot));
                    }
                    batch = next;
                }
            }
        }

        /** All sequences with a prompt, which either backend is told of. */
        ForwardBatch prompts(OperationBackend backend, OperationBackend twin, Wish wish) {
            ForwardBatch batch = new ForwardBatch(limits);
            int[] slots = trial.samples().permutation(numSeqs);
            for (int s = 0; s < numSeqs; s++) {
                int[] tokens = inputs.tokens(1 + trial.samples().nextInt(60));
                SamplingParams params = wish.params(inputs, s);
                backend.startSequence(slots[s], params, tokens, tokens.length, tokens.length);
                twin.startSequence(slots[s], params, tokens, tokens.length, tokens.length);
                batch.sample(batch.addSequence(slots[s], tokens, 0, tokens.length, 0, blocks(batch, slots[s])));
            }
            return batch;
        }

        /** The sequence's blocks, in an order that is not that of the slots; the batch tells the tables. */
        private int[] blocks(ForwardBatch batch, int slot) {
            int[] blocks = new int[BLOCKS_PER_SEQ];
            for (int i = 0; i < BLOCKS_PER_SEQ; i++) {
                blocks[i] = i * numSeqs + (slot + 5 * i) % numSeqs;
                batch.setBlock(slot, i, blocks[i]);
            }
            return blocks;
        }

        private float[] logits(int numRows, SamplingInputs.Kind kind) {
            float[] logits = new float[numRows * vocab()];
            SamplingInputs.Kind[] kinds = SamplingInputs.Kind.values();
            for (int r = 0; r < numRows; r++) {
                SamplingInputs.Kind own = kind != null ? kind
                        : kinds[trial.samples().nextInt(2) == 0 ? 0 : trial.samples().nextInt(kinds.length)];
                System.arraycopy(inputs.logits(own), 0, logits, r * vocab(), vocab());
            }
            return logits;
        }

        private void compare(
                String what, OperationBackend backend, OperationBackend twin, ForwardBatch batch, float[] logits) {
            StepResult actual = backend.sample(logits, batch);
            StepResult expected = twin.sample(logits, batch);
            for (int row = 0; row < batch.numLogits(); row++) {
                SamplingInputs.requireSame(what + ", row " + row, expected, actual, row);
            }
        }
    }

    /** What the LM head multiplies: {@code x} [rows, k], {@code embedTokens} [vocab, k]. */
    private record Head(float[] x, float[] embedTokens, int k) {
        static Head ofSums(Run run) {
            int k = 136;
            Samples samples = run.trial.samples();
            return new Head(samples.normal(run.numSeqs * k, 1), samples.normal(run.vocab() * k, 0.3), k);
        }

        /** A row of x takes its column of the embedding, so logits are what they shall be; one row is infinite. */
        static Head ofKinds(Run run) {
            int k = 8 * Math.ceilDiv(run.numSeqs, 8);
            SamplingInputs.Kind[] kinds = {SamplingInputs.Kind.NORMAL, SamplingInputs.Kind.FLAT,
                SamplingInputs.Kind.PEAKED, SamplingInputs.Kind.FEW_VALUES, SamplingInputs.Kind.ALL_EQUAL};
            float[][] columns = new float[run.numSeqs][];
            for (int r = 0; r < columns.length; r++) {
                columns[r] = run.inputs.logits(kinds[run.trial.samples().nextInt(kinds.length)]);
            }
            Head head = of(columns, run.vocab(), k);
            if (run.numSeqs > 5) {
                head.x[5 * k] = Float.POSITIVE_INFINITY;
            }
            return head;
        }

        static Head of(float[][] columns, int vocab, int k) {
            float[] x = new float[columns.length * k];
            float[] embedTokens = new float[vocab * k];
            for (int r = 0; r < columns.length; r++) {
                x[r * k + r] = 1;
                for (int id = 0; id < vocab; id++) {
                    embedTokens[id * k + r] = Samples.bf16(columns[r][id]);
                }
            }
            return new Head(x, embedTokens, k);
        }

        /** The CPU's sampler, with the very logits of the backend. */
        void compare(String what, OperationBackend backend, OperationBackend twin, ForwardBatch batch) {
            StepResult expected = twin.sample(backend.logits(x, embedTokens, k), batch);
            StepResult actual = backend.sampleFromHead(x, embedTokens, k, batch);
            for (int row = 0; row < batch.numLogits(); row++) {
                SamplingInputs.requireSame(what + ", row " + row, expected, actual, row);
            }
        }
    }

    /** Two equal logits, near each other or far, of which either wins by less than can be told approximately. */
    private static void closeRacesFromHead(Trial trial) {
        int vocab = 776;
        Run run = Run.of(trial, vocab, 24);
        float[][] columns = new float[run.numSeqs][vocab];
        long seed = trial.samples().nextInt(1 << 20);
        try (OperationBackend backend = trial.open(run.config, run.limits);
                OperationBackend twin = trial.twin(run.config, run.limits)) {
            ForwardBatch batch = new ForwardBatch(run.limits);
            for (int s = 0; s < run.numSeqs; s++) {
                int other = s % 3 == 0 ? 515 : s % 3 == 1 ? 5 : 2;
                seed = closeRace(seed, 3, other);
                Arrays.fill(columns[s], -60);
                columns[s][3] = 2;
                columns[s][other] = 2;
                start(run, backend, twin, batch, s, seed);
            }
            backend.embed(trial.samples().normal(vocab * HIDDEN, 1), batch);
            Head.of(columns, vocab, run.numSeqs).compare("close races", backend, twin, batch);
        }
    }

    /** All rows together, and some alone, whose logits are then the same. */
    private static void headInAnyBatch(Trial trial) {
        int vocab = 264;
        Run run = Run.of(trial, vocab, 290);
        try (OperationBackend backend = trial.open(run.config, run.limits);
                OperationBackend twin = trial.twin(run.config, run.limits)) {
            ForwardBatch all = run.prompts(backend, twin, Wish.PLAIN);
            backend.embed(trial.samples().normal(vocab * HIDDEN, 1), all);
            Head head = Head.ofSums(run);
            head.compare("all", backend, twin, all);
            for (int s = 0; s < run.numSeqs; s += 41) {
                ForwardBatch alone = new ForwardBatch(run.limits);
                int slot = all.convSlot(s);
                int[] prompt = {1};
                SamplingParams params = run.inputs.plain(0.7);
                backend.startSequence(slot, params, prompt, 1, 1);
                twin.startSequence(slot, params, prompt, 1, 1);
                alone.sample(alone.addSequence(slot, prompt, 0, 1, 0, run.blocks(alone, slot)));
                float[] row = Arrays.copyOfRange(head.x, s * head.k, (s + 1) * head.k);
                new Head(row, head.embedTokens, head.k).compare("row " + s + " alone", backend, twin, alone);
            }
        }
    }

    /** Conv slots that take their first token from one sequence's logits, each with a seed of its own. */
    private static void forks(Trial trial) {
        int numForks = 7;
        Run run = Run.of(trial, 777, numForks);
        try (OperationBackend backend = trial.open(run.config, run.limits);
                OperationBackend twin = trial.twin(run.config, run.limits)) {
            int[] prompt = run.inputs.tokens(9);
            ForwardBatch batch = new ForwardBatch(run.limits);
            int seq = batch.addSequence(3, prompt, 0, prompt.length, 0, run.blocks(batch, 3));
            for (int slot = 0; slot < numForks; slot++) {
                SamplingParams params = run.inputs.any();
                backend.startSequence(slot, params, prompt, prompt.length, prompt.length);
                twin.startSequence(slot, params, prompt, prompt.length, prompt.length);
                batch.sample(seq, slot);
            }
            backend.embed(trial.samples().normal(777 * HIDDEN, 1), batch);
            run.compare("forks", backend, twin, batch, run.logits(numForks, SamplingInputs.Kind.NORMAL));
        }
    }

    /** Every third row samples, under a mask of a few tokens or of padding alone; the others only need logits. */
    private static void masks(Trial trial) {
        int vocab = 777;
        int numSeqs = 8;
        Run run = Run.of(trial, vocab, 3 * numSeqs);
        ModelLimits limits = run.limits.withMasks(new MaskLimits(numSeqs, vocab));
        try (OperationBackend backend = trial.open(run.config, limits);
                OperationBackend twin = trial.twin(run.config, limits)) {
            int[] prompt = run.inputs.tokens(9);
            ForwardBatch batch = new ForwardBatch(limits);
            for (int slot = 0; slot < numSeqs; slot++) {
                SamplingParams params = run.inputs.any();
                backend.startSequence(slot, params, prompt, prompt.length, prompt.length);
                twin.startSequence(slot, params, prompt, prompt.length, prompt.length);
                int seq = batch.addSequence(slot, prompt, 0, prompt.length, 0, run.blocks(batch, slot));
                batch.computeLogits(seq, batch.firstToken(seq));
                batch.computeLogits(seq, batch.firstToken(seq) + 1);
                batch.sample(seq);
                int number = slot == 0 ? 1 : 1 + trial.samples().nextInt(60);
                batch.setMask(batch.numLogits() - 1, slot % 4 == 3 ? TokenMasks.NO_MASK
                        : batch.masks().add(new SomeTokens(trial.samples().ints(number, vocab))));
            }
            backend.embed(trial.samples().normal(vocab * HIDDEN, 1), batch);
            float[] logits = run.logits(3 * numSeqs, null);
            StepResult actual = backend.sample(logits, batch);
            StepResult expected = twin.sample(logits, batch);
            for (int row = 2; row < batch.numLogits(); row += 3) {
                SamplingInputs.requireSame("row " + row, expected, actual, row);
            }
        }
    }

    /** A state of a grammar that permits some tokens. */
    private record SomeTokens(int[] tokenIds) implements TokenGrammar.State {
        @Override
        public TokenGrammar.State after(int tokenId) {
            return this;
        }

        @Override
        public Object maskKey() {
            return this;
        }

        @Override
        public void fillMask(int[] words, int offset, int numWords) {
            Arrays.fill(words, offset, offset + numWords, 0);
            for (int tokenId : tokenIds) {
                words[offset + tokenId / Integer.SIZE] |= 1 << tokenId;
            }
        }
    }

    /** Two tokens that one thread looks at have nearly the same score in about one race of a thousand. */
    private static void closeRaces(Trial trial) {
        int vocab = 777;
        int numSeqs = 40;
        Run run = Run.of(trial, vocab, numSeqs);
        float[] logits = new float[numSeqs * vocab];
        Arrays.fill(logits, Float.NEGATIVE_INFINITY);
        long seed = trial.samples().nextInt(1 << 20);
        try (OperationBackend backend = trial.open(run.config, run.limits);
                OperationBackend twin = trial.twin(run.config, run.limits)) {
            ForwardBatch batch = new ForwardBatch(run.limits);
            for (int s = 0; s < numSeqs; s++) {
                seed = closeRace(seed, 3, 515);
                logits[s * vocab + 3] = 2;
                logits[s * vocab + 515] = 2;
                start(run, backend, twin, batch, s, seed);
            }
            run.compare("close races", backend, twin, batch, logits);
        }
    }

    /** The next seed for which two tokens have nearly the same advantage. */
    private static long closeRace(long seed, int one, int other) {
        CounterRandom random = new CounterRandom();
        for (long next = seed + 1;; next++) {
            random.seek(next, 0);
            if (Math.abs(advantage(random.uniform(one)) - advantage(random.uniform(other))) <= 1e-3) {
                return next;
            }
        }
    }

    /** A sequence of a token, with nothing but a temperature. */
    private static void start(
            Run run, OperationBackend backend, OperationBackend twin, ForwardBatch batch, int slot, long seed) {
        int[] prompt = {1};
        SamplingParams params = new SamplingParams(0.5, TokenFilters.NONE, Penalties.NONE,
                TokenConstraints.NONE, StopConditions.afterTokens(9), seed, -1);
        backend.startSequence(slot, params, prompt, 1, 1);
        twin.startSequence(slot, params, prompt, 1, 1);
        batch.sample(batch.addSequence(slot, prompt, 0, 1, 0, run.blocks(batch, slot)));
    }

    private static double advantage(double uniform) {
        return -Math.log(-Math.log(uniform));
    }

    /** More tokens than are sorted at once, so that the last one that stays is found digit by digit. */
    private static void manyCandidates(Trial trial) {
        int vocab = 9001;
        TokenFilters[] filters = {new TokenFilters(0, 0.9, 0), new TokenFilters(5000, 1, 0),
            new TokenFilters(5000, 0.95, 0), new TokenFilters(0, 0.9, 1e-3), new TokenFilters(0, 1, 1e-3),
            new TokenFilters(0, Math.nextDown(1.0), 0), new TokenFilters(8000, Math.nextDown(1.0), 0)};
        SamplingInputs.Kind[] kinds = {SamplingInputs.Kind.FLAT, SamplingInputs.Kind.ALL_EQUAL,
            SamplingInputs.Kind.FEW_VALUES};
        Run run = Run.of(trial, vocab, filters.length * kinds.length);
        float[] logits = new float[filters.length * kinds.length * vocab];
        int[] prompt = {1, 2};
        try (OperationBackend backend = trial.open(run.config, run.limits);
                OperationBackend twin = trial.twin(run.config, run.limits)) {
            ForwardBatch batch = new ForwardBatch(run.limits);
            for (int s = 0; s < run.numSeqs; s++) {
                SamplingParams params = new SamplingParams(1.5, filters[s % filters.length],
                        new Penalties(1.1, 0, 0), TokenConstraints.NONE, StopConditions.afterTokens(9), s, -1);
                backend.startSequence(s, params, prompt, 2, 2);
                twin.startSequence(s, params, prompt, 2, 2);
                batch.sample(batch.addSequence(s, prompt, 0, 2, 0, run.blocks(batch, s)));
                System.arraycopy(
                        run.inputs.logits(kinds[s / filters.length]), 0, logits, s * vocab, vocab);
            }
            run.compare("many candidates", backend, twin, batch, logits);
        }
    }

    private static void aloneAndAmongOthers(Trial trial) {
        int vocab = 4203;
        int numSeqs = 9;
        Run run = Run.of(trial, vocab, numSeqs);
        float[] logits = run.logits(numSeqs, SamplingInputs.Kind.NORMAL);
        int[] prompt = run.inputs.tokens(3);
        SamplingParams[] params = new SamplingParams[numSeqs];
        int[] tokens = new int[numSeqs];
        float[] table = trial.samples().normal(vocab * HIDDEN, 1);
        try (OperationBackend backend = trial.open(run.config, run.limits)) {
            ForwardBatch all = new ForwardBatch(run.limits);
            for (int s = 0; s < numSeqs; s++) {
                params[s] = run.inputs.any();
                backend.startSequence(s, params[s], prompt, prompt.length, prompt.length);
                all.sample(all.addSequence(s, prompt, 0, prompt.length, 0, run.blocks(all, s)));
            }
            backend.embed(table, all);
            StepResult together = backend.sample(logits, all);
            for (int s = 0; s < numSeqs; s++) {
                tokens[s] = together.tokenId(s);
            }
            for (int s = 0; s < numSeqs; s++) {
                ForwardBatch alone = new ForwardBatch(run.limits);
                backend.startSequence(4, params[s], prompt, prompt.length, prompt.length);
                alone.sample(alone.addSequence(4, prompt, 0, prompt.length, 0, run.blocks(alone, 4)));
                float[] row = new float[vocab];
                System.arraycopy(logits, s * vocab, row, 0, vocab);
                backend.embed(table, alone);
                int token = backend.sample(row, alone).tokenId(0);
                if (token != tokens[s]) {
                    throw new MismatchException("row " + s + ": " + tokens[s] + " among others, alone " + token);
                }
            }
        }
    }
}
