package io.penstock.bench.simulate;

import java.util.SplittableRandom;

/** Which of a fleet's replicas a request is sent to. A router counts the requests that it has sent and not got back. */
public enum RouterPolicy {
    /** One after the other. */
    ROUND_ROBIN {
        @Override
        int choose(Replica[] replicas, long key, Router router) {
            return nextUp(replicas, router.turn++);
        }
    },

    /** The one with the fewest requests; of equals the first after the one chosen last. */
    LEAST_LOADED {
        @Override
        int choose(Replica[] replicas, long key, Router router) {
            int best = -1;
            for (int i = 1; i <= replicas.length; i++) {
                int at = Math.floorMod(router.turn + i, replicas.length);
                if (replicas[at].isRouted() && (best < 0 || replicas[at].numOpen() < replicas[best].numOpen())) {
                    best = at;
                }
            }
            router.turn = best;
            return best;
        }
    },

    /** The one with fewer requests of two at random. */
    TWO_CHOICES {
        @Override
        int choose(Replica[] replicas, long key, Router router) {
            int one = nextUp(replicas, router.random.nextInt(replicas.length));
            int other = nextUp(replicas, router.random.nextInt(replicas.length));
            return replicas[one].numOpen() <= replicas[other].numOpen() ? one : other;
        }
    },

    /**
     * Where the conversation was before, by consistent hashing; the next one on the ring if that has a quarter more
     * requests than the mean.
     */
    PREFIX_AFFINITY {
        @Override
        int choose(Replica[] replicas, long key, Router router) {
            double most = 1 + MOST_OVER_MEAN * router.numOpen / Math.max(1, router.numUp);
            long hash = Workload.mix(key + 1);
            int fallback = -1;
            for (int i = 0; i < replicas.length; i++) {
                int at = nextUp(replicas, (int) Math.floorMod(hash + (long) i * (1 + Math.floorMod(hash >>> 20,
                        Math.max(1, replicas.length - 1))), (long) replicas.length));
                if (replicas[at].numOpen() < most) {
                    return at;
                }
                fallback = fallback < 0 ? at : fallback;
            }
            return fallback;
        }
    };

    private static final double MOST_OVER_MEAN = 1.25;

    /** What a router knows beside the replicas. */
    static final class Router {
        final SplittableRandom random;
        int turn;
        int numOpen;
        int numUp;

        Router(long seed) {
            random = new SplittableRandom(seed);
        }
    }

    /** The index of a replica that is thought to be up; one is. */
    abstract int choose(Replica[] replicas, long key, Router router);

    private static int nextUp(Replica[] replicas, int from) {
        for (int i = 0; i < replicas.length; i++) {
            int at = Math.floorMod(from + i, replicas.length);
            if (replicas[at].isRouted()) {
                return at;
            }
        }
        throw new IllegalStateException("no replica is up");
    }
}
