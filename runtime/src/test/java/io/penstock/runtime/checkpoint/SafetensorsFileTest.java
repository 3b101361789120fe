package io.penstock.runtime.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
    private static final String GOOD = "{'dtype':'BF16','shape':[2],'data_offsets':[0,4]}";

    @TempDir
    Path directory;

    @Test
    void readsTensorsOfEveryKind() throws IOException {
        Path path = new SafetensorsBuilder()
                .add("ids", "I32", new byte[8], 2)
                .add("odd", "U8", new byte[] {7}, 1)
                .addF32("scalar", new float[] {2.5f})
                .addBf16("matrix", new short[] {0x3f80, 0x4000, (short) 0xc040, 0x0000, 0x4120, 0x3f00}, 2, 3)
                .add("none", "F16", new byte[0], 0, 5)
                .write(directory.resolve("a.safetensors"));
        try (var file = SafetensorsFile.open(path)) {
            assertEquals(List.of("ids", "odd", "scalar", "matrix", "none"), List.copyOf(file.names()));
            assertEquals("I32", file.dtypeName("ids"));
            assertEquals(8, file.bytes("ids").byteSize());
            assertArrayEquals(new float[] {2.5f}, file.tensor("scalar").toFloats());
            TensorData matrix = file.tensor("matrix");
            assertEquals(DType.BF16, matrix.dtype());
            assertArrayEquals(new long[] {2, 3}, matrix.shape());
            assertArrayEquals(new float[] {1, 2, -3, 0, 10, 0.5f}, matrix.toFloats());
            assertArrayEquals(new float[] {0, 10, 0.5f}, matrix.slice(3, 3).toFloats());
            assertArrayEquals(new float[] {10, 0.5f}, matrix.slice(3, 1, 3).slice(1, 2).toFloats());
            assertEquals(0, file.tensor("none").numElements());
            assertThrows(IndexOutOfBoundsException.class, () -> matrix.slice(4, 3));
            assertThrows(IndexOutOfBoundsException.class, () -> matrix.readFloats(5, new float[4], 0, 2));
            assertThrows(IndexOutOfBoundsException.class, () -> matrix.readBf16(0, new short[4], 3, 2));
            var e = assertThrows(InputException.class, () -> file.tensor("ids"));
            assertEquals(path + ": tensor 'ids' is I32 [2]; only BF16, F16 and F32 are supported", e.getMessage());
            assertEquals(path + " has no tensor 'x'",
                    assertThrows(InputException.class, () -> file.tensor("x")).getMessage());
        }
    }

    @Test
    void nothingIsReadableAfterClose() throws IOException {
        Path path = new SafetensorsBuilder().addF32("a", new float[4], 4).write(directory.resolve("a.safetensors"));
        TensorData tensor;
        try (var file = SafetensorsFile.open(path)) {
            tensor = file.tensor("a");
        }
        assertThrows(IllegalStateException.class, tensor::toFloats);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'a':{'dtype':'BF16','shape':[2],'data_offsets':[0,4]},'b':{'dtype':'BF16','shape':[2],'data_offsets':[2,6]}}"
                + " | 6 | tensor 'b' begins at byte 2 of the data and overlaps the tensor before it, which ends at 4",
        "{'a':{'dtype':'BF16','shape':[2],'data_offsets':[0,4]},'b':{'dtype':'BF16','shape':[2],'data_offsets':[6,10]}}"
                + " | 10 | tensor 'b' begins at byte 6 of the data and leaves a gap behind 4",
        "{'a':{'dtype':'BF16','shape':[2],'data_offsets':[2,6]}} | 6"
                + " | tensor 'a' begins at byte 2 of the data and leaves a gap behind 0",
        "{'a':" + GOOD + "} | 6 | 2 bytes behind the last tensor",
        "{'a':" + GOOD + "} | 3 | tensor 'a' ends at byte 4 of the data, but the file holds only 3; the file is"
                + " truncated, fetch it again",
        "{'a':{'dtype':'BF16','shape':[3],'data_offsets':[0,4]}} | 4 | tensor 'a' BF16 [3] does not fill its 4 bytes",
        "{'a':{'dtype':'BF16','shape':[1],'data_offsets':[0,4]}} | 4 | tensor 'a' BF16 [1] does not fill its 4 bytes",
        "{'a':{'dtype':'I64','shape':[1],'data_offsets':[0,4]}} | 4 | tensor 'a' I64 [1] does not fill its 4 bytes",
        "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,4]}} | 4"
                + " | tensor 'a' F32 [4294967296, 4294967296] does not fill its 4 bytes",
        "{'a':{'dtype':'BF16','shape':[2],'data_offsets':[4,0]}} | 4"
                + " | tensor 'a' data_offsets [4,0] are not a begin and an end",
        "{'a':{'dtype':'BF16','shape':[2],'data_offsets':[4]}} | 4"
                + " | tensor 'a' data_offsets [4] are not a begin and an end",
        "{'a':{'dtype':'BF16','shape':[-2],'data_offsets':[0,4]}} | 4 | tensor 'a' shape holds '-2'",
        "{'a':{'dtype':'BF16','shape':[2.0],'data_offsets':[0,4]}} | 4 | tensor 'a' shape holds '2.0'",
        "{'a':{'dtype':'BF16','shape':[2],'data_offsets':[0,99999999999999999999]}} | 4"
                + " | tensor 'a' data_offsets holds '99999999999999999999'",
        "{'a':{'shape':[2],'data_offsets':[0,4]}} | 4 | tensor 'a' has no dtype",
        "{'a':{'dtype':'BF16','data_offsets':[0,4]}} | 4 | tensor 'a' has no shape",
        "{'a':{'dtype':'BF16','shape':[2]}} | 4 | tensor 'a' has no data_offsets",
        "{'a':7} | 4 | tensor 'a' has no dtype",
        "{'__metadata__':{'format':1},'a':" + GOOD + "} | 4 | header: __metadata__ must be an object of strings",
        "[1] | 0 | header: holds a list, not a JSON object",
        "`   ` | 0 | header: empty, not a JSON object",
        "{'a':" + GOOD + ",'a':" + GOOD + "} | 4 | header: not valid JSON: Duplicate field 'a'",
        "{'a':{'dtype' | 4 | header: not valid JSON: Unexpected end-of-input",
    })
    void brokenHeadersAreOneLine(String header, int dataBytes, String message) throws IOException {
        Path path = directory.resolve("broken.safetensors");
        SafetensorsBuilder.write(path, header.replace('\'', '"'), new byte[dataBytes]);
        var e = assertThrows(InputException.class, () -> SafetensorsFile.open(path));
        assertTrue(e.getMessage().startsWith(path + ": " + message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "0 | 7 | has 7 bytes, too few for a safetensors file; fetch it again",
        "20 | 28 | the header has 20 bytes, but the file ends after 15 of them",
        "100000001 | 64 | is not a safetensors file: its header would have 100000001 bytes, at most 100000000 are read",
        "-1 | 64 | its header would have 18446744073709551615 bytes",
    })
    void headerLengthsThatLie(long headerLength, int fileBytes, String message) throws IOException {
        var bytes = ByteBuffer.allocate(Math.max(fileBytes, 8)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(headerLength);
        Path path = directory.resolve("broken.safetensors");
        int length = headerLength == 20 ? 8 + 15 : fileBytes;
        Files.write(path, Arrays.copyOf(bytes.array(), length));
        var e = assertThrows(InputException.class, () -> SafetensorsFile.open(path));
        assertTrue(e.getMessage().startsWith(path.toString()) && e.getMessage().contains(message), e.getMessage());
    }

    @Test
    void otherThingsThanFiles() throws IOException {
        Path pointer = directory.resolve("lfs.safetensors");
        Files.writeString(pointer, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
                StandardCharsets.US_ASCII);
        assertEquals(pointer + " is a Git LFS pointer, not the weights; run git lfs pull",
                assertThrows(InputException.class, () -> SafetensorsFile.open(pointer)).getMessage());
        assertEquals(directory + " is not a file",
                assertThrows(InputException.class, () -> SafetensorsFile.open(directory)).getMessage());
        Path empty = Files.createFile(directory.resolve("empty.safetensors"));
        assertEquals(empty + " has 0 bytes, too few for a safetensors file; fetch it again",
                assertThrows(InputException.class, () -> SafetensorsFile.open(empty)).getMessage());
    }

    @Test
    void readsBeyondTwoGibibytes() throws IOException {
        long large = (5L << 29) + 3;
        String header = ("{'large':{'dtype':'F16','shape':[" + large + "],'data_offsets':[0," + 2 * large + "]},"
                + "'tail':{'dtype':'BF16','shape':[3],'data_offsets':[" + 2 * large + "," + (2 * large + 6) + "]}}")
                .replace('\'', '"');
        Path path = SafetensorsBuilder.write(directory.resolve("sparse.safetensors"), header, new byte[0]);
        long dataBegin = Files.size(path);
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(dataBegin + 2 * large + 6);
            file.seek(dataBegin + 2 * (large - 1));
            file.write(SafetensorsBuilder.bytes(new short[] {0x3c00, 0x3f80, 0x4000, 0x4040}));
        }
        try (var file = SafetensorsFile.open(path)) {
            var lastTwo = new float[2];
            file.tensor("large").readFloats(large - 2, lastTwo, 0, 2);
            assertArrayEquals(new float[] {0, 1}, lastTwo);
            assertArrayEquals(new float[] {1, 2, 3}, file.tensor("tail").toFloats());
            assertArrayEquals(new float[] {1}, file.tensor("large").slice(large - 1, 1).toFloats());
        }
    }
}
