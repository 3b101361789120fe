package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.TokenMasks;
import io.penstock.scheduler.Sequence.State;

/**
 * Fills one step: a row for every decoding sequence, then prefill chunks of the running sequences, then of those that
 * are admitted. Running sequences are so few that {@code minPrefillTokens} are always left, so neither side starves.
 */
final class StepPlanner {
    /** Waiting sequences looked at for admission in one step, when those before them wait for a common prefix. */
    private static final int MAX_LOOKED_AT = 256;

    /** Waiting sequences passed over in one step because their fronts do not read. */
    private static final int MAX_PASSED_OVER = 65_536;

    private final ModelLimits limits;
    private final SchedulerConfig config;
    private final DecodeSlots slots;
    private final SequenceMemory memory;
    private final Admission admission;
    private final Preemption preemption;
    private final RunningList running;
    private final WaitingQueue waiting;
    private final SchedulerStats stats;
    private final int maxRunning;
    private Step step;
    private ForwardBatch batch;
    private long stepIndex;
    private long nowNs;

    /** Those that prefilled before this step, even if they gave way in it, and those that are admitted in it. */
    private final Sequence[] prefilling;
    private int numPrefilling;
    private int numPrefillsLeft;

    /** Conv slot, position and KV slot of each decode row; the rows that are not as others, and their masks. */
    private final int[] decodes;
    private final int[] positions;
    private final int[] kvSlots;
    private final int[] special;
    private final int[] specialMasks;
    private int numDecodes;
    private int numSpecial;

    StepPlanner(Scheduler.Parts parts, Preemption preemption) {
        limits = parts.memory().limits();
        config = parts.config();
        slots = parts.slots();
        memory = parts.memory();
        admission = parts.admission();
        running = parts.running();
        waiting = parts.waiting();
        stats = parts.stats();
        maxRunning = config.maxRunning(limits);
        this.preemption = preemption;
        prefilling = new Sequence[2 * limits.maxNumSeqs()];
        decodes = new int[limits.maxNumSeqs()];
        positions = new int[limits.maxNumSeqs()];
        kvSlots = new int[limits.maxNumSeqs()];
        special = new int[limits.maxNumSeqs()];
        specialMasks = new int[limits.maxNumSeqs()];
    }

    void plan(Step step, long stepIndex, long nowNs) {
        this.step = step;
        this.nowNs = nowNs;
        this.stepIndex = stepIndex;
        batch = step.batch();
        step.clear();
        memory.beginStep(batch);
        numPrefilling = 0;
        decodeRunning();
        running.compact();
        numPrefillsLeft = numPrefilling;
        if (numPrefilling > 0) {
            prefillRunning();
        }
        if (waiting.size() > 0) {
            admit();
        }
        memory.endStep();
        for (int i = 0; i < numPrefilling; i++) {
            prefilling[i].nextSnapshotBlock = memory.nextSnapshotBlock(prefilling[i]);
            prefilling[i] = null;
        }
    }

    private void decodeRunning() {
        for (int i = 0; i < running.size(); i++) {
            int slot = running.convSlot(i);
            if (slots.numScheduled[slot] + 1 < slots.endLengths[slot]) {
                decode(slot, i);
            } else if (running.at(i).state == State.PREFILL) {
                prefilling[numPrefilling++] = running.at(i);
            }
        }
        addDecodes();
    }

    /**
     * Plans a row for the sequence that decodes in a conv slot.
     *
     * @param index its place in the list of running sequences: those from it on may give way to it
     */
    private void decode(int slot, int index) {
        OutputQueue output = slots.outputs[slot];
        if (!output.reserve(slots.rowWords[slot])) {
            stats.numStalledRows++;
            return;
        }
        int position = slots.numScheduled[slot];
        int offset = position % ModelLimits.BLOCK_TOKENS;
        int blockSlot = slots.blockSlots[slot];
        if ((offset + 1) % ModelLimits.BLOCK_TOKENS < 2 || blockSlot == DecodeSlots.NO_BLOCK) {
            blockSlot = prepare(slot, position, index);
            if (blockSlot == DecodeSlots.NO_BLOCK) {
                output.unreserve(slots.rowWords[slot]);
                return;
            }
        }
        decodes[numDecodes] = slot;
        positions[numDecodes] = position;
        kvSlots[numDecodes++] = blockSlot + offset;
        slots.numScheduled[slot] = position + 1;
    }

    /**
     * For a row that begins or ends a block, or is a sequence's first, or one of a demanded form.
     *
     * @return where its block begins, or {@link DecodeSlots#NO_BLOCK} when the sequence waits or gave way itself
     */
    private int prepare(int slot, int position, int index) {
        Sequence sequence = slots.owner(slot);
        slots.save(sequence);
        int mask = sequence.waitsForToken() ? TokenMasks.NO_ROOM : mask(sequence);
        if (mask == TokenMasks.NO_ROOM
                || position == sequence.numBlocks * ModelLimits.BLOCK_TOKENS && !takeBlock(sequence, position, index)) {
            return DecodeSlots.NO_BLOCK;
        }
        int blockSlot = sequence.blocks[position / ModelLimits.BLOCK_TOKENS] * ModelLimits.BLOCK_TOKENS;
        if (sequence.grammar == null) {
            slots.blockSlots[slot] = blockSlot;
        }
        special[numSpecial] = numDecodes;
        specialMasks[numSpecial++] = mask;
        return blockSlot;
    }

    private void addDecodes() {
        int firstSeq = batch.numSeqs();
        int firstRow = batch.numLogits();
        batch.addDecodes(numDecodes, decodes, positions, kvSlots);
        for (int i = 0; i < numSpecial; i++) {
            int row = special[i];
            Sequence sequence = slots.owner(decodes[row]);
            if ((positions[row] + 1) % ModelLimits.BLOCK_TOKENS == 0) {
                memory.writeSnapshot(sequence, positions[row], batch.firstToken(firstSeq + row), batch);
            }
            memory.start(sequence, firstSeq + row, batch);
            batch.setMask(firstRow + row, specialMasks[i]);
        }
        stats.numDecodeTokens += numDecodes;
        numDecodes = 0;
        numSpecial = 0;
    }

    /** The step's mask for what the sequence may go on with; without room for it the sequence waits. */
    private int mask(Sequence sequence) {
        if (sequence.grammar == null) {
            return TokenMasks.NO_MASK;
        }
        int mask = batch.masks().add(sequence.grammar);
        stats.numStalledRows += mask == TokenMasks.NO_ROOM ? 1 : 0;
        return mask;
    }

    /** A block for the token at {@code position}, by preemption if need be; false when the sequence itself gave way. */
    private boolean takeBlock(Sequence sequence, int position, int index) {
        if (sequence.numBlocks >= sequence.expectedBlocks) {
            admission.renewPromise(sequence);
        }
        while (memory.cache().numAvailable() == 0) {
            Sequence victim = preemption.victim(index, batch);
            if (victim == null) {
                return false;
            }
            preemption.preempt(victim, stepIndex, batch);
            if (victim == sequence) {
                return false;
            }
        }
        memory.grow(sequence, position + 1, batch);
        return true;
    }

    private void prefillRunning() {
        for (int i = 0; i < numPrefilling; i++) {
            Sequence sequence = prefilling[i];
            numPrefillsLeft--;
            if (sequence.state == State.PREFILL) {
                int numTokens = chunk(sequence);
                if (numTokens > 0 && makeRoom(sequence, sequence.numScheduled + numTokens)) {
                    prefill(sequence, numTokens);
                }
            }
        }
        running.compact();
    }

    /** Blocks for a running sequence's next chunk, from sequences that go after it if need be. */
    private boolean makeRoom(Sequence sequence, int numTokens) {
        int numMissing = SequenceMemory.numMissing(sequence, numTokens);
        if (batch.blockUpdateRoom() < numMissing) {
            return false;
        }
        while (memory.cache().numAvailable() < numMissing) {
            Sequence victim = preemption.victim(0, batch);
            if (victim == null || victim == sequence) {
                return false;
            }
            preemption.preempt(victim, stepIndex, batch);
        }
        return true;
    }

    /** How many tokens of a prompt this step takes; 0 when there is no room for any. */
    private int chunk(Sequence sequence) {
        int room = Math.min(config.maxChunkTokens(), limits.maxNumBatchedTokens() - batch.numTokens());
        int numLeft = sequence.numToPrefill - sequence.numScheduled;
        int numTokens = Math.min(room, numLeft);
        int numTop = sequence.request.options().promptLogprobs();
        if (numTop != Request.NO_PROMPT_LOGPROBS) {
            int numRows = batch.logitRoom() - numPrefillsLeft;
            while (numTokens > 0 && (numScored(sequence, numTokens) + 1 > numRows && numTokens == numLeft
                    || numScored(sequence, numTokens) > numRows || !hasOutputRoom(sequence, numTokens))) {
                numTokens = numTokens > 1 ? numTokens / 2 : 0;
            }
        }
        return numTokens;
    }

    private static boolean hasOutputRoom(Sequence sequence, int numTokens) {
        int words = numScored(sequence, numTokens) * OutputQueue.rowWords(sequence.request.options().promptLogprobs());
        if (sequence.numScheduled + numTokens == sequence.numToPrefill) {
            words += OutputQueue.rowWords(sequence.params.numLogprobs());
        }
        return hasRoom(sequence.request.output(), words);
    }

    private static boolean hasRoom(OutputQueue output, int words) {
        boolean hasRoom = output.reserve(words);
        if (hasRoom) {
            output.unreserve(words);
        }
        return hasRoom;
    }

    /** Prompt tokens whose log probabilities a chunk gives: each one's come from the token before it. */
    private static int numScored(Sequence sequence, int numTokens) {
        if (sequence.request.options().promptLogprobs() == Request.NO_PROMPT_LOGPROBS) {
            return 0;
        }
        int to = Math.min(sequence.numScheduled + numTokens, sequence.request.promptLength() - 1);
        return Math.max(0, to - Math.max(sequence.numScheduled, sequence.request.numScored));
    }

    private void prefill(Sequence sequence, int numTokens) {
        int from = sequence.numScheduled;
        int to = from + numTokens;
        boolean isLast = to == sequence.numToPrefill;
        int mask = isLast ? mask(sequence) : TokenMasks.NO_MASK;
        if (mask == TokenMasks.NO_ROOM) {
            return;
        }
        int words = OutputQueue.rowWords(sequence.params.numLogprobs());
        if (isLast && !sequence.request.output().reserve(words)) {
            stats.numStalledRows++;
            return;
        }
        memory.grow(sequence, to, batch);
        int seq = batch.addSequence(sequence.convSlot, sequence.tokenIds, from, numTokens, from, sequence.blocks);
        memory.start(sequence, seq, batch);
        int firstToken = batch.firstToken(seq);
        score(sequence, seq, firstToken, numTokens);
        memory.setChunk(sequence, from, to);
        memory.writeSnapshots(sequence, from, to, firstToken, batch);
        sequence.numScheduled = to;
        stats.numPrefillTokens += numTokens;
        stats.numRecomputedTokens += Math.max(0, Math.min(to, sequence.numComputedBefore) - from);
        sequence.numComputedBefore = Math.max(sequence.numComputedBefore, to);
        if (isLast) {
            batch.sample(seq);
            batch.setMask(batch.numLogits() - 1, mask);
            slots.enter(sequence);
            if (sequence == sequence.request.leader && !sequence.request.isForked) {
                fork(sequence, seq);
            }
        }
    }

    private void score(Sequence sequence, int seq, int firstToken, int numTokens) {
        int numRows = numScored(sequence, numTokens);
        int numTop = sequence.request.options().promptLogprobs();
        int words = OutputQueue.rowWords(numTop);
        int position = Math.max(sequence.numScheduled, sequence.request.numScored);
        for (int i = 0; i < numRows; i++, position++) {
            sequence.request.output().reserve(words);
            batch.score(seq, firstToken + position - sequence.numScheduled, sequence.tokenIds[position + 1], numTop);
        }
        sequence.request.numScored += numRows;
    }

    /** The other choices of the request begin where its leader's prompt ends, as far as there is room for them. */
    private void fork(Sequence leader, int seq) {
        leader.request.isForked = true;
        int snapshot = ForwardBatch.NO_SNAPSHOT;
        for (Sequence choice : leader.request.sequences) {
            if (choice.state != State.PENDING) {
                continue;
            }
            int words = OutputQueue.rowWords(choice.params.numLogprobs());
            int mask = mask(choice);
            boolean hasRoom = mask != TokenMasks.NO_ROOM && running.size() < maxRunning && memory.numFreeSlots() > 0
                    && batch.logitRoom() > numPrefillsLeft && admission.hasRoomForFork(leader, batch)
                    && choice.request.output().reserve(words);
            if (hasRoom && snapshot == ForwardBatch.NO_SNAPSHOT) {
                snapshot = memory.snapshotPromptEnd(leader, batch.numTokens() - 1, batch);
                hasRoom = snapshot != ForwardBatch.NO_SNAPSHOT;
                if (!hasRoom) {
                    choice.request.output().unreserve(words);
                }
            }
            choice.takePrompt();
            if (!hasRoom) {
                choice.state = State.WAITING;
                waiting.add(choice);
                continue;
            }
            memory.fork(leader, choice, snapshot, batch);
            memory.promise(choice, admission.expectedBlocks(choice));
            choice.numCachedTokens = leader.numToPrefill;
            choice.numComputedBefore = leader.numToPrefill;
            slots.enter(choice);
            running.add(choice);
            step.start(choice);
            batch.sample(seq, choice.convSlot);
            batch.setMask(batch.numLogits() - 1, mask);
            stats.numForks++;
        }
        if (snapshot != ForwardBatch.NO_SNAPSHOT) {
            memory.unpin(snapshot);
        }
    }

    private void admit() {
        Sequence next = waiting.first();
        int numLookedAt = 0;
        for (int i = 0; i < MAX_PASSED_OVER && numLookedAt < MAX_LOOKED_AT && next != null; i++) {
            Sequence sequence = next;
            next = waiting.after(sequence);
            if (running.size() >= maxRunning || memory.numFreeSlots() == 0 || batch.logitRoom() == 0
                    || batch.numTokens() >= limits.maxNumBatchedTokens()) {
                return;
            }
            if (sequence.preemptedStep == stepIndex || sequence.numSampled > sequence.numOutput()) {
                return;
            }
            if (!canReport(sequence)) {
                continue;
            }
            numLookedAt++;
            admission.match(sequence);
            if (isBeingComputed(sequence)) {
                continue;
            }
            if (!admit(sequence)) {
                return;
            }
        }
    }

    /** Whether this step computes for another sequence what this one could then take from the cache. */
    private boolean isBeingComputed(Sequence sequence) {
        if (memory.shared().isWrittenFor(sequence, admission.hit().numTokens(), admission.maxHitTokens(sequence))) {
            return true;
        }
        for (int i = 0; i < numPrefilling; i++) {
            Sequence other = prefilling[i];
            if (other.isRunning() && batch.hasConvSlot(other.convSlot) && admission.wouldHit(sequence, other)) {
                return true;
            }
        }
        return false;
    }

    private boolean admit(Sequence sequence) {
        boolean isSwapped = sequence.isSwapped();
        if (!isSwapped) {
            sequence.numScheduled = admission.hit().numTokens();
        }
        int numTokens = sequence.numScheduled < sequence.numToPrefill ? chunk(sequence) : 0;
        boolean isResumedDecode = isSwapped && sequence.wasDecoding;
        if (isResumedDecode) {
            numTokens = 1;
        }
        if (numTokens == 0 || !admission.hasRoom(sequence, sequence.numScheduled + numTokens, running, batch)) {
            return false;
        }
        waiting.remove(sequence);
        if (isSwapped) {
            memory.swapIn(sequence, batch);
            stats.numSwapped--;
        } else {
            memory.admit(sequence, admission.hit(), batch);
            if (config.prefixCaching()) {
                memory.shared().choose(sequence, waiting);
            }
            countAdmitted(sequence);
            stats.numPartialHits += admission.hit().numPartialTokens() > 0 ? 1 : 0;
        }
        memory.promise(sequence, admission.expectedBlocks(sequence));
        step.start(sequence);
        sequence.state = State.PREFILL;
        sequence.nextSnapshotBlock = memory.nextSnapshotBlock(sequence);
        prefilling[numPrefilling++] = sequence;
        running.add(sequence);
        if (isResumedDecode) {
            slots.enter(sequence);
            decode(sequence.convSlot, running.size());
            addDecodes();
        } else {
            prefill(sequence, numTokens);
        }
        return true;
    }

    /** Whether the sequence's front has room for what the least chunk of it gives. */
    private static boolean canReport(Sequence sequence) {
        int words = OutputQueue.rowWords(sequence.params.numLogprobs());
        if (sequence.request.options().promptLogprobs() != Request.NO_PROMPT_LOGPROBS) {
            words += OutputQueue.rowWords(sequence.request.options().promptLogprobs());
        }
        return hasRoom(sequence.request.output(), words);
    }

    private void countAdmitted(Sequence sequence) {
        if (sequence.numPreemptions == 0) {
            sequence.numCachedTokens = sequence.numScheduled;
            stats.numPromptTokens += sequence.request.promptLength();
            stats.numCachedTokens += sequence.numScheduled;
        }
        if (sequence.request.isQueued) {
            sequence.request.isQueued = false;
            sequence.request.admittedNs = nowNs;
            stats.numQueuedRequests--;
        }
    }
}
