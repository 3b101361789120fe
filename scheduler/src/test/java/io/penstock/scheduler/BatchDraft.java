package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ForwardBatch.Copy;
import io.penstock.runtime.ModelLimits;
import java.util.ArrayList;
import java.util.List;

/** A batch taken apart, to be changed and put together again. */
final class BatchDraft {
    /** The tokens of one sequence. */
    static final class Seq {
        int convSlot;
        int initialSnapshot;
        final List<Token> tokens = new ArrayList<>();

        int firstPosition() {
            return tokens.getFirst().position;
        }
    }

    /** A token and what is made of its conv state. */
    static final class Token {
        int id;
        int position;
        int slot;
        final List<Integer> snapshots = new ArrayList<>();

        int block() {
            return slot / ModelLimits.BLOCK_TOKENS;
        }
    }

    /** A row of logits. */
    static final class Row {
        Seq seq;
        Token token;
        int convSlot;
        boolean isScored;
        int target;
        int numTop;
    }

    /** A change of a block table. */
    static final class Update {
        final int convSlot;
        final int index;
        int block;

        Update(int convSlot, int index, int block) {
            this.convSlot = convSlot;
            this.index = index;
            this.block = block;
        }
    }

    record Move(Copy kind, int from, int to) {}

    final List<Seq> seqs = new ArrayList<>();
    final List<Row> rows = new ArrayList<>();
    final List<Update> updates = new ArrayList<>();
    final List<Move> moves = new ArrayList<>();

    BatchDraft(ForwardBatch batch) {
        for (int s = 0; s < batch.numSeqs(); s++) {
            seqs.add(seq(batch, s));
        }
        for (int i = 0; i < batch.numSnapshots(); i++) {
            token(batch, batch.snapshotToken(i)).snapshots.add(batch.snapshotSlot(i));
        }
        for (int row = 0; row < batch.numLogits(); row++) {
            rows.add(row(batch, row));
        }
        for (int i = 0; i < batch.numBlockUpdates(); i++) {
            updates.add(new Update(batch.updateConvSlot(i), batch.updateIndex(i), batch.updateBlock(i)));
        }
        for (int i = 0; i < batch.numCopies(); i++) {
            moves.add(new Move(batch.copyKind(i), batch.copyFrom(i), batch.copyTo(i)));
        }
    }

    private static Seq seq(ForwardBatch batch, int s) {
        Seq seq = new Seq();
        seq.convSlot = batch.convSlot(s);
        seq.initialSnapshot = batch.initialSnapshot(s);
        for (int t = batch.firstToken(s); t < batch.firstToken(s + 1); t++) {
            Token token = new Token();
            token.id = batch.tokenId(t);
            token.position = batch.position(t);
            token.slot = batch.slot(t);
            seq.tokens.add(token);
        }
        return seq;
    }

    private Token token(ForwardBatch batch, int index) {
        int s = 0;
        while (batch.firstToken(s + 1) <= index) {
            s++;
        }
        return seqs.get(s).tokens.get(index - batch.firstToken(s));
    }

    private Row row(ForwardBatch batch, int index) {
        Row row = new Row();
        row.seq = seqs.get(batch.logitSeq(index));
        row.token = token(batch, batch.logitToken(index));
        row.convSlot = batch.logitConvSlot(index);
        row.isScored = batch.isScored(index);
        row.target = batch.scoreTarget(index);
        row.numTop = batch.scoreTopLogprobs(index);
        return row;
    }

    /** Fills a batch with what is here now. */
    void write(ForwardBatch batch, ModelLimits limits) {
        batch.clear();
        moves.forEach(move -> batch.addCopy(move.kind, move.from, move.to));
        updates.forEach(update -> batch.setBlock(update.convSlot, update.index, update.block));
        for (Seq seq : seqs) {
            int[] blocks = new int[limits.maxBlocksPerSeq()];
            seq.tokens.forEach(token -> blocks[token.position / ModelLimits.BLOCK_TOKENS] = token.block());
            int[] ids = seq.tokens.stream().mapToInt(token -> token.id).toArray();
            int added = batch.addSequence(seq.convSlot, ids, 0, ids.length, seq.firstPosition(), blocks);
            if (seq.initialSnapshot != ForwardBatch.NO_SNAPSHOT) {
                batch.startFromSnapshot(added, seq.initialSnapshot);
            }
            int first = batch.firstToken(added);
            for (int i = 0; i < ids.length; i++) {
                int token = first + i;
                seq.tokens.get(i).snapshots.forEach(snapshot -> batch.writeSnapshot(token, snapshot));
            }
        }
        for (Row row : rows) {
            int seq = seqs.indexOf(row.seq);
            if (row.isScored) {
                batch.score(seq, batch.firstToken(seq) + row.seq.tokens.indexOf(row.token), row.target, row.numTop);
            } else {
                batch.sample(seq, row.convSlot);
            }
        }
    }
}
