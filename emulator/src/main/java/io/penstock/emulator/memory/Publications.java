package io.penstock.emulator.memory;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What blocks made visible to others in a launch: fences followed by a strong write. An access of a block happens
 * before an acquirer's if the block fenced after it, and wrote strongly after that, before what the acquirer read was
 * written. Times stand for all that was published until then, so that order is never denied where there is some.
 */
public final class Publications {
    private static final class Block {
        private int[] fenced = new int[4];
        private int[] published = new int[4];
        private int num;
    }

    private final Map<Integer, Block> blocks = new HashMap<>();
    private final Map<Long, Integer> releases = new HashMap<>();

    public Publications() {}

    /** A block's strong write at an address publishes what it did before a time. */
    void publish(int cta, int fencedTime, int time, long address) {
        Block block = blocks.computeIfAbsent(cta, unused -> new Block());
        if (block.num > 0 && block.fenced[block.num - 1] >= fencedTime) {
            releases.put(address & -4L, time);
            return;
        }
        if (block.num == block.fenced.length) {
            block.fenced = Arrays.copyOf(block.fenced, 2 * block.num);
            block.published = Arrays.copyOf(block.published, 2 * block.num);
        }
        block.fenced[block.num] = fencedTime;
        block.published[block.num] = time;
        block.num++;
        releases.put(address & -4L, time);
    }

    /** When something was last published through an address; 0 if never. */
    int release(long address) {
        Integer time = releases.get(address & -4L);
        return time == null ? 0 : time;
    }

    /** Whether a block's access at a time was published until another time. */
    boolean isPublished(int cta, int accessTime, int untilTime) {
        Block block = blocks.get(cta);
        if (block == null) {
            return false;
        }
        int at = Arrays.binarySearch(block.published, 0, block.num, untilTime);
        int last = at >= 0 ? at : -at - 2;
        return last >= 0 && block.fenced[last] > accessTime;
    }
}
