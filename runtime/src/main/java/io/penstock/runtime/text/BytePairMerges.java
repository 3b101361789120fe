package io.penstock.runtime.text;

import java.util.Arrays;

/**
 * The merges of a byte-level BPE, and the merging of one word: the pair of lowest rank first, the leftmost of equals.
 * Short words are scanned, O(n^2) with n at most {@value #MAX_SCANNED}; long ones use a heap of pairs, O(n log n).
 */
final class BytePairMerges {
    private static final int MAX_SCANNED = 48;

    private final LongLongMap merges;
    private final int[] byteIds = new int[256];

    BytePairMerges(int expected) {
        merges = new LongLongMap(expected);
        Arrays.fill(byteIds, -1);
    }

    void setByte(int b, int id) {
        byteIds[b] = id;
    }

    int byteId(int b) {
        return byteIds[b];
    }

    /** The merge of {@code left} and {@code right} into {@code merged}; lower ranks merge first. */
    void put(int left, int right, int rank, int merged) {
        merges.put(pair(left, right), (long) rank << 32 | merged);
    }

    /** Rank in the upper half, merged id in the lower; {@link LongLongMap#ABSENT} if the two do not merge. */
    private long merge(int left, int right) {
        return merges.get(pair(left, right));
    }

    private static long pair(int left, int right) {
        return (long) left << 32 | right;
    }

    /** Room for merging one word, used again for the next; belongs to one thread. */
    static final class Scratch {
        private int[] ids = new int[MAX_SCANNED];
        private final long[] found = new long[MAX_SCANNED];
        private int[] previous = {};
        private int[] next = {};
        private long[] heap = {};
        private int heapSize;

        int id(int i) {
            return ids[i];
        }

        private void push(long entry) {
            if (heapSize == heap.length) {
                heap = Arrays.copyOf(heap, Math.max(64, heap.length + (heap.length >> 1)));
            }
            int at = heapSize++;
            while (at > 0) {
                int parent = at - 1 >>> 1;
                if (heap[parent] <= entry) {
                    break;
                }
                heap[at] = heap[parent];
                at = parent;
            }
            heap[at] = entry;
        }

        private long pop() {
            long top = heap[0];
            long last = heap[--heapSize];
            int at = 0;
            for (int child = 1; child < heapSize; child = 2 * at + 1) {
                if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                    child++;
                }
                if (last <= heap[child]) {
                    break;
                }
                heap[at] = heap[child];
                at = child;
            }
            heap[at] = last;
            return top;
        }
    }

    /** Merges a word of UTF-8 bytes; {@link Scratch#id} then gives its tokens. Returns their number. */
    int merge(byte[] word, int length, Scratch scratch) {
        if (scratch.ids.length < length) {
            scratch.ids = new int[length];
        }
        for (int i = 0; i < length; i++) {
            scratch.ids[i] = byteIds[word[i] & 0xFF];
        }
        return length <= MAX_SCANNED ? mergeScanning(scratch, length) : mergeQueued(scratch, length);
    }

    private int mergeScanning(Scratch scratch, int length) {
        int[] ids = scratch.ids;
        long[] found = scratch.found;
        for (int i = 0; i + 1 < length; i++) {
            found[i] = merge(ids[i], ids[i + 1]);
        }
        int n = length;
        while (true) {
            int best = -1;
            long lowest = Long.MAX_VALUE;
            for (int i = 0; i + 1 < n; i++) {
                if (found[i] >= 0 && found[i] < lowest) {
                    lowest = found[i];
                    best = i;
                }
            }
            if (best < 0) {
                return n;
            }
            ids[best] = (int) lowest;
            System.arraycopy(ids, best + 2, ids, best + 1, n - best - 2);
            System.arraycopy(found, best + 1, found, best, n - best - 2);
            n--;
            if (best > 0) {
                found[best - 1] = merge(ids[best - 1], ids[best]);
            }
            if (best + 1 < n) {
                found[best] = merge(ids[best], ids[best + 1]);
            }
        }
    }

    private int mergeQueued(Scratch scratch, int length) {
        int[] ids = scratch.ids;
        if (scratch.next.length < length) {
            scratch.next = new int[length];
            scratch.previous = new int[length];
        }
        int[] next = scratch.next;
        int[] previous = scratch.previous;
        scratch.heapSize = 0;
        for (int i = 0; i < length; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i + 1 < length; i++) {
            queue(scratch, i, i + 1);
        }
        while (scratch.heapSize > 0) {
            long entry = scratch.pop();
            int at = (int) entry;
            int right = ids[at] < 0 ? length : next[at];
            if (right >= length) {
                continue;
            }
            long merge = merge(ids[at], ids[right]);
            if (merge < 0 || merge >>> 32 != entry >>> 32) {
                continue;
            }
            ids[at] = (int) merge;
            ids[right] = -1;
            int after = next[right];
            next[at] = after;
            if (after < length) {
                previous[after] = at;
                queue(scratch, at, after);
            }
            if (previous[at] >= 0) {
                queue(scratch, previous[at], at);
            }
        }
        int n = 0;
        for (int i = 0; i < length; i = next[i]) {
            ids[n++] = ids[i];
        }
        return n;
    }

    private void queue(Scratch scratch, int left, int right) {
        long merge = merge(scratch.ids[left], scratch.ids[right]);
        if (merge >= 0) {
            scratch.push(merge & 0xFFFFFFFF00000000L | left);
        }
    }
}
