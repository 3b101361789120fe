package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.memory.PrefixCache;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each mistake that a scheduler may make with what its pools hand out is found and named. */
class IntegrityCheckTest {
    private static final ModelLimits LIMITS = new ModelLimits(8, 200, 400, 24, 8, 8);

    enum Mistake {
        BLOCK_RELEASED_TWICE("owners of KV block") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                memory.cache().release(sequence.blocks[sequence.numBlocks - 1]);
            }
        },
        BLOCK_LEAKED("owners of KV block") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                memory.cache().take();
            }
        },
        BLOCK_DROPPED_WITHOUT_RELEASE("owners of KV block") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                sequence.numBlocks--;
            }
        },
        BLOCK_OF_ANOTHER("owners of KV block") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                sequence.blocks[sequence.numBlocks - 1] = scheduler.parts().running().at(1).blocks[0];
            }
        },
        CHILD_OUTLIVES_ITS_PARENT("parent of KV block") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                PrefixCache cache = memory.cache();
                cache.release(sequence.blocks[0]);
                while (cache.isFindable(sequence.blocks[0])) {
                    cache.take();
                }
            }
        },
        PARENT_RELEASED_BEFORE_ITS_CHILD("parent of KV block") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                memory.cache().release(sequence.blocks[0]);
            }
        },
        SLOT_LOST("conv slots in use") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                Sequence lost = Requests.of(9, new int[150], 1, sequence.request.output()).leader;
                int snapshot = memory.cache().takeSnapshot();
                memory.fork(sequence, lost, snapshot, new ForwardBatch(LIMITS));
                memory.unpin(snapshot);
                memory.unpin(snapshot);
                for (int i = lost.numBlocks - 1; i >= 0; i--) {
                    memory.cache().release(lost.blocks[i]);
                }
            }
        },
        SLOT_RELEASED_AND_STILL_RUNNING("conv slots in use") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                int numBlocks = sequence.numBlocks;
                for (int i = 0; i < numBlocks; i++) {
                    memory.cache().retain(sequence.blocks[i]);
                }
                int expected = sequence.expectedBlocks;
                memory.release(sequence);
                sequence.numBlocks = numBlocks;
                memory.promise(sequence, expected);
            }
        },
        SNAPSHOT_LEFT_PINNED("snapshots pinned") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                memory.cache().takeSnapshot();
            }
        },
        PROMISE_FORGOTTEN("promised KV blocks") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                sequence.expectedBlocks += 3;
            }
        },
        SWAP_SPACE_LEAKED("swap slots in use") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                memory.swapOut(sequence, new ForwardBatch(LIMITS));
            }
        },
        QUEUE_COUNT_WRONG("sequences that run") {
            @Override
            void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler) {
                scheduler.parts().running().left();
            }
        };

        final String named;

        Mistake(String named) {
            this.named = named;
        }

        abstract void make(Sequence sequence, SequenceMemory memory, Scheduler scheduler);
    }

    @ParameterizedTest
    @EnumSource
    void isFound(Mistake mistake) {
        OutputQueue queue = Requests.queue(8);
        var scheduler = new Scheduler(LIMITS, SchedulerConfig.throughput());
        var driver = new Driver(scheduler, new NullRunner(LIMITS, 10, 1), true);
        for (int i = 0; i < 3; i++) {
            Requests.submit(scheduler, Requests.of(i, Requests.prompt(150, i), 100, queue));
        }
        for (int i = 0; i < 8; i++) {
            driver.step();
        }
        scheduler.checkIntegrity();
        mistake.make(scheduler.parts().running().at(0), scheduler.parts().memory(), scheduler);
        var e = assertThrows(IllegalStateException.class, scheduler::checkIntegrity);
        assertTrue(e.getMessage().startsWith(mistake.named), e.getMessage());
    }
}
