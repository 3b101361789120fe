package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ForwardBatch.Copy;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.BatchDraft.Move;
import io.penstock.scheduler.BatchDraft.Row;
import io.penstock.scheduler.BatchDraft.Seq;
import io.penstock.scheduler.BatchDraft.Token;
import io.penstock.scheduler.BatchDraft.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A mistake that a scheduler may make in a batch. */
enum Mutation {
    /** None: what is taken apart and put together is the same. */
    NONE((draft, runner) -> {}),

    /** A prefix hit or a fork goes on from what its conv slot's last sequence left there. */
    STALE_CONV_SLOT((draft, runner) -> draft.seqs.forEach(seq -> seq.initialSnapshot = ForwardBatch.NO_SNAPSHOT)),

    /** A prefix hit goes on from another snapshot. */
    OTHER_SNAPSHOT((draft, runner) -> draft.seqs.stream()
            .filter(seq -> seq.initialSnapshot != ForwardBatch.NO_SNAPSHOT)
            .forEach(seq -> seq.initialSnapshot = (seq.initialSnapshot + 1) % runner.limits().numSnapshots())),

    /** A snapshot is taken a token before its block ends. */
    SNAPSHOT_OF_WRONG_TOKEN((draft, runner) -> draft.seqs.forEach(seq -> {
        for (int i = 1; i < seq.tokens.size(); i++) {
            seq.tokens.get(i - 1).snapshots.addAll(seq.tokens.get(i).snapshots);
            seq.tokens.get(i).snapshots.clear();
        }
    })),

    /** A snapshot that others will start from is never written. */
    MISSING_SNAPSHOT((draft, runner) -> draft.seqs.forEach(
            seq -> seq.tokens.forEach(token -> token.snapshots.clear()))),

    /** A snapshot that a decode row leaves in passing is never written. */
    MISSING_SNAPSHOT_OF_DECODE((draft, runner) -> draft.seqs.stream().filter(seq -> seq.tokens.size() == 1)
            .forEach(seq -> seq.tokens.getFirst().snapshots.clear())),

    /** The conv slot was given to another sequence while the first still goes on in it. */
    SHARED_CONV_SLOT((draft, runner) -> {
        Seq[] pair = pair(draft, seq -> seq.firstPosition() > 0 && seq.initialSnapshot == ForwardBatch.NO_SNAPSHOT);
        if (pair.length > 0) {
            int swapSlot = runner.limits().numSwapSlots() - 1;
            draft.moves.add(new Move(Copy.SLOT_TO_HOST, pair[0].convSlot, swapSlot));
            draft.moves.add(new Move(Copy.SLOT_FROM_HOST, swapSlot, pair[1].convSlot));
        }
    }),

    /** A block was freed early: another sequence has written to it what it holds itself. */
    BLOCK_FREED_EARLY((draft, runner) -> {
        Seq[] pair = pair(draft, seq -> seq.firstPosition() > ModelLimits.BLOCK_TOKENS);
        if (pair.length > 0) {
            int other = runner.tables[pair[0].convSlot][0];
            int own = runner.tables[pair[1].convSlot][0];
            if (other >= 0 && own >= 0) {
                draft.moves.add(new Move(Copy.BLOCK, other, own));
            }
        }
    }),

    /** A table entry points to a block that another sequence writes. */
    BLOCK_SHARED_WRONGLY((draft, runner) -> {
        Seq[] pair = pair(draft, seq -> seq.firstPosition() > ModelLimits.BLOCK_TOKENS);
        if (pair.length > 0) {
            draft.updates.add(new Update(pair[0].convSlot, 0, pair[1].tokens.getFirst().block()));
        }
    }),

    /** The table of a prefix hit has its blocks in the wrong order. */
    HIT_BLOCKS_EXCHANGED((draft, runner) -> {
        for (Seq seq : draft.seqs) {
            List<Update> hit = draft.updates.stream().filter(update -> update.convSlot == seq.convSlot
                    && (update.index + 1) * ModelLimits.BLOCK_TOKENS <= seq.firstPosition()).toList();
            if (hit.size() > 1) {
                int block = hit.get(0).block;
                hit.get(0).block = hit.get(1).block;
                hit.get(1).block = block;
            }
        }
    }),

    /** A chunk begins a token too late. */
    TOKEN_SKIPPED((draft, runner) -> draft.seqs.stream()
            .filter(seq -> seq.tokens.size() > 1 && seq.firstPosition() > 0).forEach(seq -> {
                Token first = seq.tokens.getFirst();
                if (first.snapshots.isEmpty() && draft.rows.stream().noneMatch(row -> row.token == first)) {
                    seq.tokens.removeFirst();
                }
            })),

    /** A chunk begins with the last token of the one before it. */
    TOKEN_COMPUTED_TWICE((draft, runner) -> draft.seqs.stream()
            .filter(seq -> seq.tokens.size() > 1 && seq.firstPosition() > 0).forEach(seq -> {
                Token last = runner.lastTokens.get(seq.convSlot);
                if (last != null && last.position == seq.firstPosition() - 1) {
                    Token again = new Token();
                    again.id = last.id;
                    again.position = last.position;
                    int block = runner.tables[seq.convSlot][last.position / ModelLimits.BLOCK_TOKENS];
                    again.slot = block * ModelLimits.BLOCK_TOKENS + last.position % ModelLimits.BLOCK_TOKENS;
                    seq.tokens.addFirst(again);
                }
            })),

    /** A chunk's tokens are those one place further in the prompt. */
    CHUNK_SHIFTED((draft, runner) -> draft.seqs.stream()
            .filter(seq -> seq.tokens.size() > 1 && seq.firstPosition() > 0).forEach(seq -> {
                for (int i = 0; i + 1 < seq.tokens.size(); i++) {
                    seq.tokens.get(i).id = seq.tokens.get(i + 1).id;
                }
            })),

    SWAP_OUT_DROPPED((draft, runner) -> draft.moves.removeIf(move -> move.kind() == Copy.BLOCK_TO_HOST)),

    SWAP_IN_DROPPED((draft, runner) -> draft.moves.removeIf(move -> move.kind() == Copy.BLOCK_FROM_HOST)),

    SWAPPED_SLOT_DROPPED((draft, runner) -> draft.moves.removeIf(move -> move.kind() == Copy.SLOT_FROM_HOST)),

    /** Blocks come back from the host in the wrong order. */
    SWAPPED_BLOCKS_EXCHANGED((draft, runner) -> {
        List<Integer> at = new ArrayList<>();
        for (int i = 0; i < draft.moves.size(); i++) {
            if (draft.moves.get(i).kind() == Copy.BLOCK_FROM_HOST) {
                at.add(i);
            }
        }
        if (at.size() > 1) {
            Move first = draft.moves.get(at.get(0));
            Move second = draft.moves.get(at.get(1));
            draft.moves.set(at.get(0), new Move(first.kind(), second.from(), first.to()));
            draft.moves.set(at.get(1), new Move(second.kind(), first.from(), second.to()));
        }
    }),

    /** A fork's last, partial block is not copied. */
    FORK_WITHOUT_PARTIAL_BLOCK((draft, runner) -> draft.moves.removeIf(move -> move.kind() == Copy.BLOCK)),

    /** A sequence that gave way begins its output anew for the sampler. */
    RESUMED_WITHOUT_OUTPUTS((draft, runner) -> {}),

    /** A row goes on with the token that another row sampled. */
    TOKEN_OF_ANOTHER_ROW((draft, runner) -> {
        Set<Integer> slots = draft.seqs.stream().map(seq -> seq.convSlot).collect(Collectors.toSet());
        for (Seq seq : draft.seqs) {
            int other = slots.stream().filter(slot -> slot != seq.convSlot && runner.sampled.containsKey(slot))
                    .findFirst().orElse(-1);
            if (other >= 0 && seq.tokens.getFirst().id == ForwardBatch.LAST_SAMPLED) {
                seq.tokens.getFirst().id = runner.sampled.get(other);
                return;
            }
        }
    }),

    /** Two sequences' rows of logits are mixed up. */
    ROWS_EXCHANGED((draft, runner) -> {
        List<Row> sampled = draft.rows.stream().filter(row -> !row.isScored).toList();
        if (sampled.size() > 1) {
            Seq seq = sampled.get(0).seq;
            sampled.get(0).seq = sampled.get(1).seq;
            sampled.get(1).seq = seq;
        }
    }),

    /** Log probabilities of a prompt are those of its next token. */
    SCORED_ROW_SHIFTED((draft, runner) -> draft.rows.stream().filter(row -> row.isScored).forEach(row -> {
        int next = row.seq.tokens.indexOf(row.token) + 1;
        row.token = row.seq.tokens.get(Math.min(next, row.seq.tokens.size() - 1));
    }));

    /** Changes a batch. */
    @FunctionalInterface
    interface Change {
        void apply(BatchDraft draft, MutatedRunner runner);
    }

    final Change change;

    Mutation(Change change) {
        this.change = change;
    }

    /** Two sequences of the batch that meet a condition, or none. */
    private static Seq[] pair(BatchDraft draft, Predicate<Seq> condition) {
        return draft.seqs.stream().filter(condition).limit(2).toArray(Seq[]::new).length < 2 ? new Seq[0]
                : draft.seqs.stream().filter(condition).limit(2).toArray(Seq[]::new);
    }
}
