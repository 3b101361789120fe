// A launch that may begin before the one in front of it has ended; in any other these do nothing. The emulator checks
// what comes before the wait.
#pragma once

// Returns when the launch in front is over, and all that it wrote is there for this launch.
__device__ __forceinline__ void wait_for_launch_in_front() { asm volatile("griddepcontrol.wait;" ::: "memory"); }

// The launch behind may begin when each block has said so, or has ended. Only behind the wait, so that at most two
// launches are under way.
__device__ __forceinline__ void let_launch_behind_begin() {
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
}
