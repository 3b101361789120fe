package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
    private static final String FILE = "libJCudaDriver-12.6.0-linux-x86_64.so";

    @TempDir
    private Path temporary;

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void unpackedWholeAndForTheOwnerOnly() throws IOException {
        Path folder = temporary.resolve("new/natives");
        Path file = NativeLibraries.unpacked(folder, FILE);
        assertTrue(Files.size(file) > 1_000_000, "size of " + file);
        assertEquals(List.of(FILE), names(folder));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
        assertEquals(Files.getLastModifiedTime(file),
                Files.getLastModifiedTime(NativeLibraries.unpacked(folder, FILE)));
        assertThrows(FileNotFoundException.class, () -> NativeLibraries.unpacked(folder, "libabsent.so"));
        assertEquals(List.of(FILE), names(folder));
    }

    @Test
    void folderThatOthersMayWriteIsNotTrusted() throws IOException {
        Path folder = temporary.resolve("shared");
        Files.createDirectory(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(folder.resolve(FILE), "planted");
        IOException e = assertThrows(IOException.class, () -> NativeLibraries.unpacked(folder, FILE));
        assertEquals("others may write there: remove it", e.getMessage());
        Path own = temporary.resolve("own");
        Files.createDirectory(own, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path link = Files.createSymbolicLink(temporary.resolve("link"), own);
        assertThrows(IOException.class, () -> NativeLibraries.unpacked(link, FILE));
        assertTrue(names(own).isEmpty());
    }

    @Test
    void folderThatCannotBeMade() throws IOException {
        Path file = Files.writeString(temporary.resolve("file"), "");
        assertThrows(IOException.class, () -> NativeLibraries.unpacked(file.resolve("natives"), FILE));
    }

    @Test
    void linkersWordsBecomeOneLine() {
        Path folder = Path.of("/tmp/natives");
        assertEquals("native libraries cannot be run from /tmp/natives (mounted noexec?): choose another folder by"
                + " PENSTOCK_JAVA_OPTS=-Djava.io.tmpdir=FOLDER",
                NativeLibraries.problem("JCudaDriver", folder, "/tmp/natives/a.so: /tmp/natives/a.so: failed to map"
                        + " segment from shared object"));
        assertEquals("libcublas.so.12 is missing on this machine: install it, or name its folder in LD_LIBRARY_PATH",
                NativeLibraries.problem("JCublas2", folder, "/tmp/natives/b.so: libcublas.so.12: cannot open shared"
                        + " object file: No such file or directory"));
        assertEquals("JCublas2 cannot be loaded: undefined symbol: f",
                NativeLibraries.problem("JCublas2", folder, "undefined symbol: f\n\tat x"));
    }

    @Test
    void looksForLibrariesOfTheMachine() {
        assertTrue(NativeLibraries.isOnThisMachine("libc.so.6"));
        assertFalse(NativeLibraries.isOnThisMachine("libabsent.so.9"));
    }
}
