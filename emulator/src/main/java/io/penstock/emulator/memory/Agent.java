package io.penstock.emulator.memory;

/**
 * A warp as the race checks see it: its time, and what it knows of the others. Times count the launch's
 * synchronisations, so that a later one is larger in whichever warp.
 */
public final class Agent {
    private final int cta;
    private final int[] blocks;
    private final int rank;
    private final int warp;
    private final Clock known;
    private final Clock fenced;
    private final Publications publications;
    private final int launchTime;
    private final LaneOrder lanes = new LaneOrder();
    private int time;

    /**
     * @param blocks indices of the blocks of its cluster
     * @param rank of its own block among them
     * @param numWarps of a block
     * @param launchTime what happened until then was before the launch
     */
    public Agent(int[] blocks, int rank, int warp, int numWarps, Publications publications, int launchTime) {
        this.cta = blocks[rank];
        this.blocks = blocks;
        this.rank = rank;
        this.warp = warp;
        this.known = new Clock(blocks.length, numWarps);
        this.fenced = new Clock(blocks.length, numWarps);
        this.publications = publications;
        this.launchTime = launchTime;
    }

    public int cta() {
        return cta;
    }

    public int warp() {
        return warp;
    }

    int launchTime() {
        return launchTime;
    }

    /** Begins a stretch of accesses without synchronisation; all lanes know of all that was before. */
    public void advance(int now) {
        time = now;
        lanes.meetAll(now);
    }

    /** Begins a stretch of accesses; some lanes know of what each of them did and knew before. */
    public void advance(int now, int members) {
        time = now;
        lanes.meet(members, now);
    }

    /** Hands over what some lanes did until now, and all that the warp knows. */
    public void give(Handover handover, int until, int members) {
        handover.known.join(known);
        handover.fenced.join(fenced);
        addOwn(handover.known, until, members);
    }

    private void addOwn(Clock clock, int until, int members) {
        if (members == -1) {
            clock.warp(rank, warp, until);
            return;
        }
        clock.warp(rank, warp, lanes.allKnownUntil());
        for (int rest = members; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            clock.lane(rank, warp, lane, until);
            for (int other = 0; other < 32; other++) {
                int partly = lanes.knownUntil(lane, other);
                if (partly > 0) {
                    clock.lane(rank, warp, other, partly);
                }
            }
        }
    }

    /** Takes over what others knew and did. */
    public void take(Handover handover) {
        known.join(handover.known);
        fenced.join(handover.fenced);
    }

    /** An engine has done what it did for this warp until then. */
    public void engineDone(int engine, int until) {
        known.engine(rank, engine, until);
    }

    /** What some lanes did until now, and what the warp knows, may be read and written by engines. */
    public void fenceForEngines(int now, int members) {
        fenced.join(known);
        addOwn(fenced, now, members);
    }

    /** A fence: what the block did until {@code now} may be published. */
    public void fence(int now, boolean isDeviceWide) {
        known.fence(now, isDeviceWide);
    }

    /** A strong write: publishes what was fenced, or everything if it releases by itself. */
    public void strongWrite(long address, int now, boolean isShared, boolean isRelease) {
        int blockFence = known.blockFence();
        int published = isRelease ? now : isShared ? blockFence : known.deviceFence();
        if (published > 0) {
            publications.publish(cta, published, now, address);
        }
        if (!isShared && blockFence > published) {
            publications.publish(-1 - cta, blockFence, now, address);
        }
    }

    /** A strong read: what was published through the address is known. */
    public void strongRead(long address) {
        known.acquire(publications.release(address));
    }

    public long stamp(int lane, int site, boolean isStrong) {
        return Stamp.of(time, site, isStrong, warp, lane);
    }

    /** Whether anything that another block of the cluster did is known: that it has begun. */
    public boolean knowsOf(int block) {
        return block == rank || known.knowsOf(block);
    }

    /** Whether an access of another block of the cluster happened before. */
    public boolean knows(long stamp, int stampCta) {
        int block = rankOf(stampCta);
        return block >= 0 && known.covers(block, stamp);
    }

    private int rankOf(int stampCta) {
        if (stampCta == cta) {
            return rank;
        }
        for (int i = 0; i < blocks.length; i++) {
            if (blocks[i] == stampCta) {
                return i;
            }
        }
        return -1;
    }

    /** Whether what a stamp tells of happened before this warp's present, as far as one lane is concerned. */
    public boolean follows(long stamp, int stampCta, int lane) {
        int stampTime = Stamp.time(stamp);
        if (stampTime <= launchTime || stampCta == cta && lanes.allFollow(stampTime) && Stamp.warp(stamp) == warp
                && !Stamp.isEngine(stamp)) {
            return true;
        }
        return followsOther(stamp, stampCta, lane, stampTime);
    }

    private boolean followsOther(long stamp, int stampCta, int lane, int stampTime) {
        int block = rankOf(stampCta);
        if (block >= 0 && known.covers(block, stamp)) {
            return true;
        }
        if (block == rank) {
            if (Stamp.isEngine(stamp)) {
                return false;
            }
            if (Stamp.warp(stamp) == warp && lanes.follows(lane, Stamp.lane(stamp), stampTime, time)) {
                return true;
            }
            if (publications.isPublished(-1 - cta, stampTime, known.acquired())) {
                return true;
            }
        }
        return publications.isPublished(stampCta, stampTime, known.acquired());
    }

    /** Whether an engine that this warp starts sees what a stamp tells of: it was an engine's, or is fenced. */
    boolean isFenced(long stamp, int stampCta) {
        if (Stamp.time(stamp) <= launchTime || Stamp.isEngine(stamp)) {
            return true;
        }
        int block = rankOf(stampCta);
        return block >= 0 && fenced.covers(block, stamp)
                || publications.isPublished(stampCta, Stamp.time(stamp), fenced.acquired());
    }

    /** Whether what a stamp tells of happened in this warp, at whatever time of this launch. */
    boolean isOwn(long stamp, int stampCta) {
        return stampCta == cta && Stamp.warp(stamp) == warp && !Stamp.isEngine(stamp)
                && Stamp.time(stamp) > launchTime;
    }

    boolean isCurrent(long stamp) {
        return Stamp.time(stamp) == time;
    }
}
