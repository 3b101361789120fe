package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.EmbedKernel;
import io.penstock.kernels.ShortConvKernel;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A {@link ForwardBatch} as the kernels read it: arrays of int at addresses that never change, so that a graph holds
 * for every batch. One copy a step.
 */
final class DeviceBatch implements AutoCloseable {
    /** The arrays, and whether each has an element a token (or pair, or logit row) or one a sequence. */
    private enum Section {
        TOKEN_IDS(true),
        POSITIONS(true),
        SLOT_MAPPING(true),
        TOKEN_SEQS(true),
        LOGIT_TOKENS(true),
        SNAPSHOT_TOKENS(true),
        SNAPSHOT_SLOTS(true),
        CU_SEQLENS_Q(false),
        SEQ_LENS_K(false),
        CONV_SLOTS(false),
        INITIAL_SNAPSHOTS(false),
        NUM_TOKENS(false);

        private final boolean perToken;

        Section(boolean perToken) {
            this.perToken = perToken;
        }
    }

    private static final Section[] SECTIONS = Section.values();
    private static final int ALIGNMENT_BYTES = 256;

    private final long[] offsets = new long[SECTIONS.length];
    private final long sizeBytes;
    private final PinnedMemory pinned;
    private final DeviceMemory memory;
    private final ShortConvKernel.SequenceAddresses sequences;

    DeviceBatch(Device device, ModelLimits limits) {
        long end = 0;
        for (Section section : SECTIONS) {
            offsets[section.ordinal()] = end;
            int length = section.perToken ? limits.maxNumBatchedTokens() : limits.maxNumSeqs() + 1;
            end += Math.ceilDiv((long) Integer.BYTES * length, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
        }
        sizeBytes = end;
        pinned = device.allocatePinned("batch", sizeBytes);
        memory = device.allocate("batch", sizeBytes);
        sequences = new ShortConvKernel.SequenceAddresses(
                address(Section.TOKEN_SEQS),
                address(Section.CU_SEQLENS_Q),
                address(Section.SEQ_LENS_K),
                address(Section.CONV_SLOTS),
                address(Section.INITIAL_SNAPSHOTS),
                address(Section.SNAPSHOT_TOKENS),
                address(Section.SNAPSHOT_SLOTS));
    }

    private long address(Section section) {
        return memory.address() + offsets[section.ordinal()];
    }

    /** Queues the copy of a batch; the one before has been copied. */
    void upload(Stream stream, ForwardBatch batch) {
        MemorySegment host = pinned.segment();
        for (int s = 0; s < batch.numSeqs(); s++) {
            set(host, Section.CU_SEQLENS_Q, s, batch.firstToken(s));
            set(host, Section.SEQ_LENS_K, s, batch.seqLenK(s));
            set(host, Section.CONV_SLOTS, s, batch.convSlot(s));
            set(host, Section.INITIAL_SNAPSHOTS, s, batch.initialSnapshot(s));
            for (int t = batch.firstToken(s); t < batch.firstToken(s + 1); t++) {
                int tokenId = batch.tokenId(t);
                set(host, Section.TOKEN_IDS, t, tokenId == ForwardBatch.LAST_SAMPLED
                        ? EmbedKernel.lastSampledBy(batch.convSlot(s)) : tokenId);
                set(host, Section.POSITIONS, t, batch.position(t));
                set(host, Section.SLOT_MAPPING, t, batch.slot(t));
                set(host, Section.TOKEN_SEQS, t, s);
            }
        }
        set(host, Section.CU_SEQLENS_Q, batch.numSeqs(), batch.numTokens());
        set(host, Section.NUM_TOKENS, 0, batch.numTokens());
        for (int r = 0; r < batch.numLogits(); r++) {
            set(host, Section.LOGIT_TOKENS, r, batch.logitToken(r));
        }
        for (int p = 0; p < batch.numSnapshots(); p++) {
            set(host, Section.SNAPSHOT_TOKENS, p, batch.snapshotToken(p));
            set(host, Section.SNAPSHOT_SLOTS, p, batch.snapshotSlot(p));
        }
        stream.copyToDevice(memory, 0, host, 0, sizeBytes);
    }

    private void set(MemorySegment host, Section section, int index, int value) {
        host.set(ValueLayout.JAVA_INT, offsets[section.ordinal()] + (long) Integer.BYTES * index, value);
    }

    /** Token ids [tokens]. */
    long tokenIds() {
        return address(Section.TOKEN_IDS);
    }

    /** Positions [tokens]. */
    long positions() {
        return address(Section.POSITIONS);
    }

    /** KV slots [tokens]. */
    long slotMapping() {
        return address(Section.SLOT_MAPPING);
    }

    /** Batch tokens [logit rows]. */
    long logitTokens() {
        return address(Section.LOGIT_TOKENS);
    }

    /** How many tokens the batch has [1]: rows from there on are padding. */
    long numRealTokens() {
        return address(Section.NUM_TOKENS);
    }

    /** What the short convolution reads of the sequences. */
    ShortConvKernel.SequenceAddresses sequences() {
        return sequences;
    }

    @Override
    public void close() {
        memory.close();
        pinned.close();
    }
}
