package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.kernels.TileTable;
import io.penstock.kernels.TiledBlock;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.Closeness;
import io.penstock.runtime.check.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was measured of a device is read again, and changes no bit of a result. */
class TileTableFileTest {
    private static final String DEVICE = "NVIDIA H200 (SXM)";

    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenIsRead() throws IOException {
        var table = new TileTable(List.of(
                new TileTable.Choice(2048, 1792, 64, TiledBlock.M64, 16),
                new TileTable.Choice(2048, 1792, 512, TiledBlock.M128, 192),
                new TileTable.Choice(14336, 2048, 8, TiledBlock.M64, 8)));
        Path nested = folder.resolve("tiles");
        assertSame(TileTable.BUILT_IN, TileTableFile.read(nested, DEVICE));
        assertSame(TileTable.BUILT_IN, TileTableFile.read(null, DEVICE));
        for (int time = 0; time < 2; time++) {
            assertEquals(nested.resolve("nvidia-h200-sxm-.json"), TileTableFile.write(nested, DEVICE, table));
            assertEquals(table.choices(), TileTableFile.read(nested, DEVICE).choices());
        }
        assertSame(TileTable.BUILT_IN, TileTableFile.read(nested, "NVIDIA H100"));
        try (Stream<Path> files = Files.list(nested)) {
            assertEquals(1, files.count());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "{ | it is no JSON",
        "[] | it is of the device ''",
        "{'device': 'another', 'choices': []} | it is of the device 'another', not 'NVIDIA H200 (SXM)'",
        "{'device': 'NVIDIA H200 (SXM)'} | it has no list 'choices'",
        "{'device': 'NVIDIA H200 (SXM)', 'choices': [{'weightRows': '8'}]} | 'weightRows' must be an integer, not",
        "{'device': 'NVIDIA H200 (SXM)', 'choices': [{'weightRows': 8, 'k': 8, 'maxRows': 8, 'block': 'M32',"
                + " 'tileRows': 8}]} | choice 1: No enum constant",
        "{'device': 'NVIDIA H200 (SXM)', 'choices': [{'weightRows': 8, 'k': 8, 'maxRows': 8, 'block': 'M128',"
                + " 'tileRows': 8}]} | choice 1: M128 has no code for tiles of 8 rows",
        "{'device': 'NVIDIA H200 (SXM)', 'choices': [{'weightRows': 8, 'k': 8, 'maxRows': 0, 'block': 'M64',"
                + " 'tileRows': 8}]} | sizes must be at least 1",
    })
    void anotherFileIsRefusedInOneLine(String text, String why) throws IOException {
        Path file = TileTableFile.of(folder, DEVICE);
        Files.writeString(file, text.replace('\'', '"'));
        var refused = assertThrows(InputException.class, () -> TileTableFile.read(folder, DEVICE));
        assertTrue(refused.getMessage().startsWith("tile table " + file + ": ")
                && refused.getMessage().contains(why)
                && refused.getMessage().endsWith("gpu-check --tune'"), refused.getMessage());
        assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
    }

    /** Every way to cut a product, on a product whose tiles are uneven. */
    @Test
    void everyChoiceHasTheSameBits() {
        var limits = new ModelLimits(4, 200, 300, 12, 4);
        var samples = new Samples(6);
        int hidden = 144;
        float[] x = samples.normal(83 * hidden, 1);
        float[] matrix = samples.normal(136 * hidden, 0.1);
        List<TileTable.Choice> legal = TileTable.legal(83, 136, hidden);
        assertTrue(legal.size() >= 5, legal::toString);
        float[] first = null;
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(6).on(90));
        try (device) {
            for (TileTable.Choice choice : legal) {
                try (DeviceBackend backend = new DeviceBackend(device, Samples.config(64, hidden, 5, 2), limits,
                        new TileTable(List.of(choice)))) {
                    float[] y = backend.linear(x, matrix, hidden);
                    first = first == null ? y : first;
                    new Closeness().requireSame(choice.toString(), 136, first, y);
                }
            }
            assertEquals(List.of(), device.faults());
        }
    }
}
