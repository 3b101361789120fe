package io.penstock.emulator.memory;

/**
 * A warp as the race checks see it: its time, and what it knows of the others. Times count the launch's
 * synchronisations, so that a later one is larger in whichever warp.
 */
public final class Agent {
    private final int cta;
    private final int warp;
    private final int[] known;
    private final Publications publications;
    private final int launchTime;
    private final LaneOrder lanes = new LaneOrder();
    private int time;
    private int floor;
    private int acquired;
    private int blockFence;
    private int deviceFence;

    /**
     * @param cta index of the block
     * @param numWarps of the block
     * @param launchTime what happened until then was before the launch
     */
    public Agent(int cta, int warp, int numWarps, Publications publications, int launchTime) {
        this.cta = cta;
        this.warp = warp;
        this.known = new int[numWarps];
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

    /** Everything of the block until {@code now} is known. */
    public void knowBlock(int now) {
        floor = now;
    }

    /** What another warp of the block did until {@code until} is known, and what that one knew. */
    public void know(Agent other, int until) {
        known[other.warp] = Math.max(known[other.warp], until);
        floor = Math.max(floor, other.floor);
        for (int i = 0; i < known.length; i++) {
            known[i] = Math.max(known[i], other.known[i]);
        }
        inherit(other);
    }

    /** What another warp of the block acquired and fenced counts for this one. */
    public void inherit(Agent other) {
        acquired = Math.max(acquired, other.acquired);
        blockFence = Math.max(blockFence, other.blockFence);
        deviceFence = Math.max(deviceFence, other.deviceFence);
    }

    /** A fence: what the block did until {@code now} may be published. */
    public void fence(int now, boolean isDeviceWide) {
        blockFence = now;
        if (isDeviceWide) {
            deviceFence = now;
        }
    }

    /** A strong write: publishes what was fenced, or everything if it releases by itself. */
    public void strongWrite(long address, int now, boolean isShared, boolean isRelease) {
        int fenced = isRelease ? now : isShared ? blockFence : deviceFence;
        if (fenced > 0) {
            publications.publish(cta, fenced, now, address);
        }
        if (!isShared && blockFence > fenced) {
            publications.publish(-1 - cta, blockFence, now, address);
        }
    }

    /** A strong read: what was published through the address is known. */
    public void strongRead(long address) {
        acquired = Math.max(acquired, publications.release(address));
    }

    long stamp(int lane, int site, boolean isStrong) {
        return Stamp.of(time, site, isStrong, warp, lane);
    }

    /** Whether what a stamp tells of happened before this warp's present, as far as one lane is concerned. */
    boolean follows(long stamp, int stampCta, int lane) {
        int stampTime = Stamp.time(stamp);
        if (stampTime <= launchTime) {
            return true;
        }
        if (stampCta == cta) {
            int other = Stamp.warp(stamp);
            if (stampTime <= floor || stampTime <= known[other]) {
                return true;
            }
            if (other == warp && lanes.follows(lane, Stamp.lane(stamp), stampTime, time)) {
                return true;
            }
            if (publications.isPublished(-1 - cta, stampTime, acquired)) {
                return true;
            }
        }
        return publications.isPublished(stampCta, stampTime, acquired);
    }

    /** Whether what a stamp tells of happened in this warp, at whatever time of this launch. */
    boolean isOwn(long stamp, int stampCta) {
        return stampCta == cta && Stamp.warp(stamp) == warp && Stamp.time(stamp) > launchTime;
    }

    boolean isCurrent(long stamp) {
        return Stamp.time(stamp) == time;
    }
}
