package io.penstock.device;

/** Named ranges of the calling thread's time, nested, which a profiler of the accelerator shows. */
public interface ProfilerRanges {
    /** Shows nothing. */
    ProfilerRanges NONE = new ProfilerRanges() {
        @Override
        public void push(String name) {}

        @Override
        public void pop() {}
    };

    /** Begins a range within the one that is open. Allocates nothing for a name that it has seen. */
    void push(String name);

    /** Ends the range that was begun last. */
    void pop();
}
