package io.penstock.cli;

import io.penstock.runtime.hub.HubClient;
import io.penstock.runtime.hub.ModelReference;
import io.penstock.runtime.hub.PullProgress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "pull",
        description = "Downloads a model into the hub cache, checks every file, and prints the folder. A pull that was"
                + " interrupted goes on where it stopped.",
        footer = {
            "%nExamples:",
            "  penstock pull LiquidAI/LFM2.5-8B-A1B",
            "  penstock generate --model LiquidAI/LFM2.5-8B-A1B \"Hello\"",
            "%nThe cache is HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub. HF_TOKEN opens private"
                    + " models, HF_ENDPOINT names another hub, HF_HUB_OFFLINE=1 only looks the model up.",
        })
final class PullCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ORG/NAME[@REVISION]", description = "The model, and a branch, tag or commit of it.")
    private String model;

    @Override
    public Integer call() {
        ModelReference reference = ModelReference.parse(model);
        var bar = new ProgressBar(
                System.err, Terminals.isError(), "pulling " + reference.name(), 0, System::nanoTime);
        try {
            Path snapshot = HubClient.of(System.getenv()).pull(reference, new Shown(bar));
            bar.clear();
            System.out.println(snapshot);
        } finally {
            bar.clear();
        }
        return 0;
    }

    /** Sums up the files of a pull, which come in more than one round. */
    private static final class Shown implements PullProgress {
        private final ProgressBar bar;
        private final Map<String, Long> presentBytes = new HashMap<>();
        private long totalBytes;
        private long doneBytes;
        private long fetchedBytes;

        Shown(ProgressBar bar) {
            this.bar = bar;
        }

        @Override
        public void filesFound(int numFiles, long bytes) {
            totalBytes += bytes;
        }

        @Override
        public void fileCached(String file, long sizeBytes) {
            advance(file, sizeBytes, 0);
        }

        @Override
        public void fileWaiting(String file) {
            bar.say("waiting for another download of " + file);
        }

        @Override
        public void fileStarted(String file, long sizeBytes, long present) {
            advance(file, present, 0);
        }

        @Override
        public void bytesAdvanced(String file, long present) {
            advance(file, present, Math.max(0, present - presentBytes.getOrDefault(file, 0L)));
        }

        @Override
        public void retrying(String file, String reason, Duration delay) {
            bar.say(file + ": " + reason + "; trying again in " + delay.toSeconds() + " s");
        }

        private void advance(String file, long present, long fetched) {
            doneBytes += present - presentBytes.getOrDefault(file, 0L);
            presentBytes.put(file, present);
            fetchedBytes += fetched;
            bar.bytes(doneBytes, totalBytes, fetchedBytes);
        }
    }
}
