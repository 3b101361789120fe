package io.penstock.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CtaSampleTest {
    @Test
    void allOfASmallGridInOrder() {
        CtaSample sample = new CtaSample(37, 100);
        assertEquals(37, sample.numCtas());
        assertEquals(IntStream.range(0, 37).boxed().toList(),
                IntStream.range(0, 37).map(sample::index).boxed().toList());
    }

    @Test
    void rowsAndColumnsAreMetAlike() {
        int numColumns = 64;
        CtaSample sample = new CtaSample(128L * numColumns, 128);
        Set<Integer> columns = new HashSet<>();
        int before = -1;
        for (int i = 0; i < sample.numCtas(); i++) {
            int index = sample.index(i);
            assertTrue(index > before && index / numColumns == i, "block " + i + " is " + index);
            columns.add(index % numColumns);
            before = index;
        }
        assertTrue(columns.size() > 55, columns::toString);
    }

    @Test
    void largestGrid() {
        CtaSample sample = new CtaSample(Integer.MAX_VALUE, 1000);
        assertEquals(999, sample.index(999) / (Integer.MAX_VALUE / 1000));
    }
}
