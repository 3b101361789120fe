package io.penstock.bench.gpucheck;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cpu.CpuRunner;
import io.penstock.runtime.cuda.CudaModel;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.CudaRunner;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.SchedulerStats;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs whole engines on the device: a model against the CPU's, and random requests until all have ended. */
final class EngineCheck {
    /** The CPU's best token is so little likelier than the next that bfloat16 sums in another order may swap them. */
    private static final double NEAR_TIE = 0.5;

    private static final int END_TO_END_SEQS = 8;
    private static final int CHUNK_TOKENS = 64;

    /** How random requests are run; tokens are the same in all. */
    private record Way(String name, String words, CudaOptions options) {}

    private static final List<Way> WAYS = List.of(
            new Way("requests", "", CudaOptions.DEFAULTS),
            new Way("requests_halves", " in steps of two halves", CudaOptions.DEFAULTS.withHalvedRows(1)),
            new Way("requests_programmatic", " with launches that begin early",
                    CudaOptions.DEFAULTS.withProgrammaticLaunches(true)));

    private final EngineTarget target;
    private final long seed;

    EngineCheck(EngineTarget target, long seed) {
        this.target = target;
        this.seed = seed;
    }

    List<EngineVerdict> run(CheckProgress progress) {
        List<EngineVerdict> verdicts = new ArrayList<>();
        int total = (target.endToEnd() == null ? 0 : 1) + (target.numRequests() == 0 ? 0 : WAYS.size());
        if (target.endToEnd() != null) {
            progress.next("running " + target.endToEnd().model() + " end to end", 0, total);
            verdicts.add(endToEnd(target.endToEnd()));
        }
        if (target.numRequests() > 0) {
            List<List<Integer>> tokens = new ArrayList<>();
            for (Way way : WAYS) {
                progress.next("running " + target.numRequests() + " random requests" + way.words(),
                        verdicts.size(), total);
                if (!way.options().programmatic() || launchEarly()) {
                    verdicts.add(requests(way.name(), way.options(), tokens));
                }
            }
        }
        return verdicts;
    }

    /** Whether kernels of the device may begin before the one in front has ended. */
    private boolean launchEarly() {
        try (Device device = target.open().get()) {
            return CudaOptions.isProgrammaticOn(device);
        } catch (DeviceException e) {
            // The run says what fails.
            return true;
        }
    }

    private static EngineVerdict failed(String name, RuntimeException e) {
        return new EngineVerdict(name, "FAILED", Map.of("wrong", 1.0), name + ": " + e.getMessage());
    }

    private CudaRunner onDevice(ModelTensors tensors, ModelLimits limits, int[] eosTokenIds, CudaOptions options) {
        Device device = target.open().get();
        try {
            CudaModel model = new CudaModel(device, tensors, limits, options, _ -> { });
            return new CudaRunner(model, options, tensors.config().vocabSize(), eosTokenIds);
        } catch (RuntimeException | Error e) {
            device.close();
            throw e;
        }
    }

    private EngineVerdict endToEnd(EngineTarget.EndToEnd what) {
        String name = "end_to_end " + what.model();
        int longest = what.prompts().stream().mapToInt(prompt -> prompt.length).max().orElseThrow() + what.numTokens();
        int numBlocks = END_TO_END_SEQS * (ModelLimits.blocksFor(longest) + 2);
        ModelLimits limits = new ModelLimits(END_TO_END_SEQS, CHUNK_TOKENS, longest, numBlocks, END_TO_END_SEQS);
        int vocab = what.tensors().config().vocabSize();
        try {
            CpuModel twin = new CpuModel(
                    what.tensors(), limits, CpuModel.Options.defaults(Arithmetic.BFLOAT16), _ -> { });
            List<EngineRun.Choice> expected = complete(new CpuRunner(twin, vocab, new int[0]), what);
            return compare(name, expected, complete(
                    onDevice(what.tensors(), limits, new int[0], CudaOptions.DEFAULTS), what));
        } catch (DeviceException | IllegalStateException e) {
            return failed(name, e);
        }
    }

    private static List<EngineRun.Choice> complete(ModelRunner runner, EngineTarget.EndToEnd what) {
        SamplingParams params = new SamplingParams(0, TokenFilters.NONE, Penalties.NONE, TokenConstraints.NONE,
                StopConditions.afterTokens(what.numTokens()), 0, 2);
        try (EngineRun run = new EngineRun(runner)) {
            for (int i = 0; i < what.prompts().size(); i++) {
                run.submit(i, what.prompts().get(i), List.of(params), new int[0], Request.Options.DEFAULTS);
            }
            run.finish();
            List<EngineRun.Choice> choices = new ArrayList<>();
            for (int i = 0; i < what.prompts().size(); i++) {
                choices.add(run.choice(i, 0));
            }
            if (!run.failure().isEmpty()) {
                throw new IllegalStateException(run.failure());
            }
            return choices;
        }
    }

    /** Token by token, up to the first that differs: what follows it has another past. */
    static EngineVerdict compare(String name, List<EngineRun.Choice> expected, List<EngineRun.Choice> actual) {
        int numEqual = 0;
        int numNearTies = 0;
        int numWrong = 0;
        String failure = null;
        for (int i = 0; i < expected.size(); i++) {
            EngineRun.Choice twin = expected.get(i);
            List<Integer> tokens = actual.get(i).tokens;
            int same = 0;
            while (same < twin.tokens.size() && same < tokens.size()
                    && twin.tokens.get(same).equals(tokens.get(same))) {
                same++;
            }
            numEqual += same;
            if (same == twin.tokens.size() && same == tokens.size()) {
                continue;
            }
            boolean isShort = same == twin.tokens.size() || same == tokens.size();
            if (!isShort && twin.margins.get(same) < NEAR_TIE) {
                numNearTies++;
                continue;
            }
            numWrong++;
            if (failure == null) {
                failure = name + ": prompt " + i + ", token " + same + ": "
                        + (isShort ? "the CPU gave " + twin.tokens.size() + " tokens, the device " + tokens.size()
                        : "the CPU says " + twin.tokens.get(same) + " by " + twin.margins.get(same) + ", the device "
                        + tokens.get(same));
            }
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("prompts", (double) expected.size());
        metrics.put("equalTokens", (double) numEqual);
        metrics.put("nearTies", (double) numNearTies);
        metrics.put("wrongPrompts", (double) numWrong);
        String outcome = (numWrong == 0 ? "right" : "WRONG in " + numWrong + " prompts") + ", " + numEqual
                + " tokens of " + expected.size() + " prompts as the CPU's, " + numNearTies + " left it at a near tie";
        return new EngineVerdict(name, outcome, metrics, failure);
    }

    /**
     * Random requests until all have ended.
     *
     * @param seen tokens of each choice from another run, which this one's are compared with; filled where it is empty
     */
    private EngineVerdict requests(String name, CudaOptions options, List<List<Integer>> seen) {
        CudaRunner runner = null;
        try {
            runner = onDevice(RandomRequests.model(seed), RandomRequests.LIMITS, RandomRequests.EOS, options);
        } catch (DeviceException | IllegalStateException e) {
            return failed(name, e);
        }
        try (EngineRun run = new EngineRun(runner)) {
            RandomRequests random = new RandomRequests(seed);
            List<List<SamplingParams>> asked = new ArrayList<>();
            List<Boolean> aborted = new ArrayList<>();
            for (int i = 0; i < target.numRequests(); i++) {
                List<SamplingParams> choices = random.choices();
                while (run.numOpen() + choices.size() > EngineRun.MAX_OPEN) {
                    run.step();
                }
                Request request = run.submit(i, random.prompt(), choices, RandomRequests.EOS, random.options());
                asked.add(choices);
                aborted.add(random.isAborted());
                if (aborted.getLast()) {
                    run.step();
                    run.abort(request);
                }
            }
            run.finish();
            String other = compareTokens(run, asked, aborted, seen);
            return verdict(name, run, asked, aborted, other, runner.numHalvedSteps());
        } catch (DeviceException | IllegalStateException e) {
            return failed(name, e);
        }
    }

    /** A request's tokens are the same in every run, unless somebody ended it. */
    private static String compareTokens(
            EngineRun run, List<List<SamplingParams>> asked, List<Boolean> aborted, List<List<Integer>> seen) {
        boolean isFirst = seen.isEmpty();
        int at = 0;
        for (int i = 0; i < asked.size(); i++) {
            for (int c = 0; c < asked.get(i).size(); c++) {
                List<Integer> tokens = run.choice(i, c).tokens;
                if (isFirst) {
                    seen.add(tokens);
                } else if (!aborted.get(i) && !tokens.equals(seen.get(at))) {
                    return "request " + i + ", choice " + c + " gave " + tokens + ", and " + seen.get(at)
                            + " in steps of one batch";
                }
                at++;
            }
        }
        return null;
    }

    /** @param other how tokens differ from those of another run, or null */
    private static EngineVerdict verdict(String name, EngineRun run, List<List<SamplingParams>> asked,
            List<Boolean> aborted, String other, long numHalvedSteps) {
        String failure = run.failure().isEmpty() ? other : run.failure();
        int numChoices = 0;
        long numTokens = 0;
        for (int i = 0; i < asked.size(); i++) {
            for (int c = 0; c < asked.get(i).size(); c++) {
                EngineRun.Choice choice = run.choice(i, c);
                numChoices++;
                numTokens += choice.tokens.size();
                String wrong = wrong(choice, asked.get(i).get(c), aborted.get(i));
                if (failure == null && wrong != null) {
                    failure = "request " + i + ", choice " + c + ": " + wrong;
                }
            }
        }
        SchedulerStats stats = run.stats();
        int numHeld = stats.numRunning() + stats.numWaiting() + stats.numSwapped() + stats.numBlocksInUse();
        if (failure == null && numHeld != 0) {
            failure = "when all had ended, " + stats.numRunning() + " ran, " + stats.numWaiting() + " waited, "
                    + stats.numSwapped() + " were swapped out and " + stats.numBlocksInUse() + " blocks were in use";
        }
        long numPreemptions = stats.numPreemptionsBySwap() + stats.numPreemptionsByRecompute();
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("requests", (double) asked.size());
        metrics.put("choices", (double) numChoices);
        metrics.put("tokens", (double) numTokens);
        metrics.put("steps", (double) stats.numSteps());
        metrics.put("halvedSteps", (double) numHalvedSteps);
        metrics.put("preemptions", (double) numPreemptions);
        metrics.put("cachedTokens", (double) stats.numCachedTokens());
        String outcome = (failure == null ? "right" : "WRONG") + ", " + numChoices + " choices of " + asked.size()
                + " requests ended after " + numTokens + " tokens in " + stats.numSteps() + " steps"
                + (numHalvedSteps > 0 ? ", " + numHalvedSteps + " of them as two halves," : "") + " with "
                + numPreemptions + " preemptions; all memory given back";
        return new EngineVerdict(name, failure == null ? outcome : "WRONG", metrics,
                failure == null ? null : name + ": " + failure);
    }

    private static String wrong(EngineRun.Choice choice, SamplingParams params, boolean isAborted) {
        if (choice.numEnds != 1) {
            return "it ended " + choice.numEnds + " times";
        }
        if (choice.end != FinishReason.STOP && choice.end != FinishReason.LENGTH
                && !(isAborted && choice.end == FinishReason.ABORT)) {
            return "it ended with " + choice.end;
        }
        int numTokens = choice.tokens.size();
        if (numTokens > params.stop().maxTokens()
                || choice.end == FinishReason.LENGTH && numTokens < params.stop().maxTokens()) {
            return numTokens + " tokens of " + params.stop().maxTokens() + " and an end by " + choice.end;
        }
        for (int token : choice.tokens) {
            if (token < 0 || token >= RandomRequests.VOCAB) {
                return "token " + token + " is not of the vocabulary";
            }
            if (!params.constraints().allowedTokenIds().isEmpty()
                    && !params.constraints().allowedTokenIds().contains(token)) {
                return "token " + token + " is not allowed";
            }
        }
        return null;
    }
}
