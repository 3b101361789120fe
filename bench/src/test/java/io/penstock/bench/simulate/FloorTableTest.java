package io.penstock.bench.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.config.ModelShapes;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table's perfect columns are the floors, and its scheduled ones lose something, and no more than they should. */
class FloorTableTest {
    private static final long HOST_NS = 150_000;

    private static List<FloorTable.Row> rows(String device, int... numSeqs) {
        return FloorTable.of(ModelShapes.named("lfm2.5-8b-a1b"), DeviceSpec.named(device), numSeqs, HOST_NS,
                done -> { });
    }

    @Test
    void aSingleStreamIsNearlyPerfectWhereHostTimeIsHidden() {
        FloorTable.Row one = rows("h200", 1).getFirst();
        assertEquals(0.79, one.floorMs(), 0.02 * 0.79);
        assertEquals(1000 / one.floorMs(), one.decode(), 1e-6);
        assertTrue(one.lost() > 0 && one.lost() < 0.02, "lost " + one.lost());
        // 0.15 ms of host time before each step of 0.79 ms.
        assertEquals(one.floorMs() / (one.floorMs() + 0.15), one.loopInStep() / one.loopScheduled(), 0.02);
    }

    @Test
    void burstsOfPrefillLoseWhereDecodeIsBoundByMemory() {
        FloorTable.Row hundred = rows("h100", 100).getFirst();
        assertEquals(18_000, hundred.decode(), 0.02 * 18_000);
        assertTrue(hundred.loopIdeal() < hundred.decode());
        assertTrue(hundred.lost() > 0.02 && hundred.lost() < 0.2, "lost " + hundred.lost());
        assertTrue(hundred.loopInStep() < hundred.loopScheduled());
    }

    @Test
    void aRowForAPerson() {
        var row = new FloorTable.Row(32, 4, 8000, 7700, 7315, 7000);
        String table = FloorTable.table("m", DeviceSpec.named("h200"), HOST_NS, List.of(row));
        assertTrue(table.endsWith(
                "       32      4.00        8,000       7,700      7,315   5.0 %        7,000   9.1 %\n"), table);
    }
}
