package io.penstock.scheduler;

import io.penstock.runtime.ModelLimits;

/** Why a request was not taken. */
public enum Rejection {
    /** As many requests wait as may wait: try again later. */
    QUEUE_FULL,
    /** The front has as many sequences open as its output queue was made for. */
    TOO_MANY_OPEN,
    /** The prompt leaves no room for an output token in {@code maxModelLen}. */
    PROMPT_TOO_LONG,
    /** It demands a form of its output, and there is no room for token masks at all. */
    NO_MASKS,
    /** The engine ends what it has and takes nothing new. */
    DRAINING,
    /** The engine has failed or was shut down. */
    STOPPED;

    static Rejection of(Request request, ModelLimits limits) {
        if (request.promptLength() >= limits.maxModelLen()) {
            return PROMPT_TOO_LONG;
        }
        return request.isConstrained() && limits.masks().maxNumMasks() == 0 ? NO_MASKS : null;
    }
}
