package io.penstock.device.cuda;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import jcuda.JCudaVersion;
import jcuda.LibUtils;

/**
 * JCuda's native libraries, unpacked from their jars into a folder that only this user can write. JCuda by itself would
 * unpack them into the shared temporary folder under a fixed name, and trust whatever already lies there.
 */
final class NativeLibraries {
    static final String DRIVER = "libcuda.so.1";
    static final String CUBLAS = "libcublas.so.12";

    /** NVTX 3, made for callers that are not C, and NVTX 2, which came with CUDA until 12. */
    static final List<String> NVTX = List.of("libnvtx3interop.so.1", "libnvToolsExt.so.1");

    private static final String TEMPORARY_FOLDER = "java.io.tmpdir";
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    /** A library of JCuda, and the class that binds it. */
    enum Library {
        DRIVER("JCudaDriver", "jcuda.driver.JCudaDriver"),
        CUBLAS("JCublas2", "jcuda.jcublas.JCublas2"),
        PTX_COMPILER("JNvPTXCompiler", "jcuda.nvptxcompiler.JNvPTXCompiler");

        private final String fileName;
        private final String className;
        private boolean isLoaded;

        Library(String fileName, String className) {
            this.fileName = fileName;
            this.className = className;
        }
    }

    private NativeLibraries() {}

    /** Whether the dynamic linker finds a library of this machine. */
    @SuppressWarnings("restricted")
    static boolean isOnThisMachine(String name) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup(name, arena);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Loads a library; gives one line that says why it cannot be, or nothing. */
    static synchronized String load(Library library) {
        if (library.isLoaded) {
            return "";
        }
        String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!system.equals("Linux amd64")) {
            return "JCuda has native libraries for Linux on x86-64 only, and this is " + system + ": use the CPU";
        }
        String name = LibUtils.createPlatformLibraryName(library.fileName + "-" + JCudaVersion.get());
        Path temporary = Path.of(System.getProperty(TEMPORARY_FOLDER));
        Path folder = temporary.resolve("penstock-natives-" + System.getProperty("user.name").replaceAll("\\W", "_"));
        try {
            if (!isInLibraryPath(name)) {
                open(unpacked(folder, LibUtils.createLibraryFileName(name)));
            }
            bind(library, folder);
        } catch (IOException e) {
            return "native libraries cannot be unpacked into " + folder + " (" + reason(e) + "): " + otherFolder();
        } catch (LinkageError e) {
            return problem(library.fileName, folder, String.valueOf(e.getMessage()));
        }
        library.isLoaded = true;
        return "";
    }

    @SuppressWarnings("restricted")
    private static boolean isInLibraryPath(String name) {
        try {
            System.loadLibrary(name);
            return true;
        } catch (UnsatisfiedLinkError e) {
            return false;
        }
    }

    @SuppressWarnings("restricted")
    private static void open(Path file) {
        System.load(file.toString());
    }

    /** Initialises JCuda's class, which looks into the temporary folder for what is already loaded from there. */
    private static void bind(Library library, Path folder) {
        String temporary = System.setProperty(TEMPORARY_FOLDER, folder.toString());
        try {
            Class.forName(library.className);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(library.className + " is not on the class path", e);
        } finally {
            System.setProperty(TEMPORARY_FOLDER, temporary);
        }
    }

    /** The library's file, whole: a process that dies while unpacking leaves nothing under this name. */
    static Path unpacked(Path folder, String fileName) throws IOException {
        Path own = ownFolder(folder);
        Path file = own.resolve(fileName);
        if (Files.exists(file)) {
            return file;
        }
        try (InputStream library = LibUtils.class.getResourceAsStream("/lib/" + fileName)) {
            if (library == null) {
                throw new FileNotFoundException("no jar on the class path holds " + fileName);
            }
            Path part = Files.createTempFile(own, fileName, ".part");
            try {
                Files.copy(library, part, StandardCopyOption.REPLACE_EXISTING);
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(part);
            }
        }
        return file;
    }

    private static Path ownFolder(Path folder) throws IOException {
        try {
            Files.createDirectories(folder.getParent());
            Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (FileAlreadyExistsException e) {
            requireOwn(folder);
        }
        return folder.toRealPath();
    }

    private static void requireOwn(Path folder) throws IOException {
        Path probe = Files.createTempFile(folder, "owner", "");
        try {
            boolean isOwn = Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                    && Files.getOwner(probe).equals(Files.getOwner(folder))
                    && Files.getPosixFilePermissions(folder).equals(OWNER_ONLY);
            if (!isOwn) {
                throw new IOException("others may write there: remove it");
            }
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    private static String reason(IOException e) {
        String type = e.getClass().getSimpleName().replace("FileSystemException", "").replace("Exception", "");
        return type.isEmpty() || type.equals("IO") ? e.getMessage() : type + ": " + e.getMessage();
    }

    /** One line of what the dynamic linker says. */
    static String problem(String library, Path folder, String message) {
        if (message.contains("failed to map segment") || message.contains("Operation not permitted")) {
            return "native libraries cannot be run from " + folder + " (mounted noexec?): " + otherFolder();
        }
        int missing = message.indexOf(": cannot open shared object file");
        if (missing > 0) {
            String name = message.substring(message.lastIndexOf(' ', missing - 1) + 1, missing);
            return name + " is missing on this machine: install it, or name its folder in LD_LIBRARY_PATH";
        }
        return library + " cannot be loaded: " + message.lines().findFirst().orElse("no reason given");
    }

    private static String otherFolder() {
        return "choose another folder by PENSTOCK_JAVA_OPTS=-D" + TEMPORARY_FOLDER + "=FOLDER";
    }
}
