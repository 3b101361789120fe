package io.penstock.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether the process's standard streams lead to a person. */
final class Terminals {
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int ERR = 2;

    private Terminals() {}

    static boolean isInput() {
        return isTerminal(IN);
    }

    static boolean isOutput() {
        return isTerminal(OUT);
    }

    static boolean isError() {
        return isTerminal(ERR);
    }

    private static boolean isTerminal(int descriptor) {
        Path link = Path.of("/proc/self/fd/" + descriptor);
        if (Files.isSymbolicLink(link)) {
            return leadsToTerminal(link);
        }
        try {
            Process test = new ProcessBuilder("/bin/sh", "-c", "test -t " + descriptor).inheritIO().start();
            return test.waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static boolean leadsToTerminal(Path link) {
        try {
            String target = Files.readSymbolicLink(link).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException e) {
            return false;
        }
    }
}
