package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;
import io.penstock.emulator.memory.EngineStamp;

/** st.async: values on their way to shared memory of the cluster, whose bytes an mbarrier beside them counts. */
final class AsyncStore extends Op {
    private final Address to;
    private final Address barrier;
    private final int size;

    AsyncStore(Address to, Slot[] values, int size, Address barrier) {
        this.to = to;
        this.barrier = barrier;
        this.size = size;
        this.sources = values;
    }

    @Override
    void execute(Warp warp, int mask) {
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            one(warp, Integer.numberOfTrailingZeros(rest));
        }
    }

    private void one(Warp warp, int lane) {
        Launch launch = warp.cta.launch;
        Memory memory = launch.memory;
        int numBytes = size * sources.length;
        if (memory.locate(this, warp, 1 << lane, to, numBytes, true) == 0) {
            return;
        }
        Allocation target = memory.where[lane];
        int offset = memory.offsets[lane];
        if (memory.locateUncounted(this, warp, 1 << lane, barrier, 8, true) == 0) {
            return;
        }
        PhaseBarrier counter = target.isShared() && memory.where[lane] == target
                ? warp.cta.of(target).phaseBarriers.at(memory.offsets[lane]) : null;
        if (counter == null) {
            memory.report(this, warp, lane, FaultKind.UNINITIALISED, source.name()
                    + " with a barrier that was not initialised, or is not beside its destination");
            return;
        }
        Allocation values = new Allocation("values of " + source.name(), 0, numBytes);
        for (int i = 0; i < sources.length; i++) {
            Bytes.write(values.data(), i * size, size, warp.read(sources[i], lane));
        }
        values.fillStates(0, numBytes, Allocation.WRITTEN);
        EngineStamp stamp = EngineStamp.of(launch.tick(), index, counter.engine, counter.cta.index);
        memory.noteEngineUseOfBarrier(this, warp, lane, counter, stamp);
        memory.where[lane] = target;
        memory.offsets[lane] = offset;
        memory.writeByEngine(this, warp, lane, numBytes, stamp);
        target.fillStates(offset, numBytes, Allocation.IN_FLIGHT);
        counter.add(new Flight(this, counter.cta, new BulkStores.Span(values, 0, numBytes), offset));
        launch.progressed();
        BulkCopy.requireExpected(this, warp, lane, counter, numBytes);
    }
}
