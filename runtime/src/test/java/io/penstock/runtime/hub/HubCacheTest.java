package io.penstock.runtime.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots as other programs leave them. */
class HubCacheTest {
    private static final ModelReference MODEL = ModelReference.parse("org/tiny");
    private static final String COMMIT = "a".repeat(40);

    @TempDir
    Path directory;
    private Path root;
    private Path snapshot;

    @BeforeEach
    void create() throws IOException {
        root = directory.resolve("models--org--tiny");
        snapshot = root.resolve("snapshots").resolve(COMMIT);
        Files.createDirectories(snapshot);
        Files.createDirectories(root.resolve("refs"));
        Files.createDirectories(root.resolve("blobs"));
        Files.writeString(root.resolve("refs/main"), COMMIT);
        for (String file : new String[] {"config.json", "tokenizer.json", "model.safetensors"}) {
            link(file, file);
        }
    }

    private void link(String file, String content) throws IOException {
        Path blob = Files.writeString(root.resolve("blobs").resolve(Integer.toHexString(content.hashCode())), content);
        Files.createSymbolicLink(snapshot.resolve(file), snapshot.relativize(blob));
    }

    private Optional<Path> found(String reference) {
        return new HubCache(directory, true).snapshot(ModelReference.parse(reference));
    }

    @Test
    void branchesTagsAndCommitsAreFound() throws IOException {
        assertEquals(Optional.of(snapshot), found("org/tiny"));
        assertEquals(Optional.of(snapshot), found("org/tiny@" + COMMIT));
        assertEquals(Optional.empty(), found("org/tiny@v1"));
        Files.createDirectories(root.resolve("refs/refs/pr"));
        Files.writeString(root.resolve("refs/refs/pr/1"), COMMIT + "\n");
        assertEquals(Optional.of(snapshot), found("org/tiny@refs/pr/1"));
        assertEquals(Optional.empty(), found("org/tiny@refs/pr"));
        assertEquals(Optional.empty(), found("org/tiny@main/x"));
        assertEquals(Optional.empty(), found("org/other"));
        assertEquals(Optional.empty(), found("org/tiny@" + "b".repeat(40)));
    }

    @Test
    void aRefThatIsNoCommitIsNotFollowed() throws IOException {
        Files.writeString(root.resolve("refs/main"), "../../../etc");
        assertEquals(Optional.empty(), found("org/tiny"));
        Files.writeString(root.resolve("refs/main"), "");
        assertEquals(Optional.empty(), found("org/tiny"));
    }

    @Test
    void eachNeededFileMustBeThere() throws IOException {
        for (String file : new String[] {"config.json", "tokenizer.json", "model.safetensors"}) {
            Path pointer = snapshot.resolve(file);
            Path target = Files.readSymbolicLink(pointer);
            Files.delete(pointer);
            assertEquals(Optional.empty(), found("org/tiny"), file);
            Files.createSymbolicLink(pointer, target);
        }
        assertEquals(Optional.of(snapshot), found("org/tiny"));
        Files.delete(snapshot.resolve("model.safetensors").toRealPath());
        assertEquals(Optional.empty(), found("org/tiny"), "a link to nothing");
    }

    @Test
    void shardsAreThoseOfTheIndex() throws IOException {
        Files.delete(snapshot.resolve("model.safetensors"));
        link("model-00001-of-00002.safetensors", "one");
        assertEquals(Optional.empty(), found("org/tiny"), "no index");
        link("model.safetensors.index.json", "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\","
                + " \"b\": \"model-00002-of-00002.safetensors\"}}");
        assertEquals(Optional.empty(), found("org/tiny"), "no second shard");
        link("model-00002-of-00002.safetensors", "two");
        assertEquals(Optional.of(snapshot), found("org/tiny"));
    }

    @Test
    void aBrokenOrUnsafeIndexIsNotComplete() throws IOException {
        Files.delete(snapshot.resolve("model.safetensors"));
        for (String index : new String[] {"{", "{}", "{\"weight_map\": {}}",
            "{\"weight_map\": {\"a\": \"../" + COMMIT + "/config.json\"}}"}) {
            Files.deleteIfExists(snapshot.resolve("model.safetensors.index.json"));
            link("model.safetensors.index.json", index);
            assertEquals(Optional.empty(), found("org/tiny"), index);
        }
    }

    @Test
    void aStoredListingTellsWhichOptionalFilesBelong() throws IOException {
        Files.createDirectories(root.resolve("trees"));
        Files.writeString(root.resolve("trees").resolve(COMMIT + ".json"), """
                {"format_version": 1, "files": {"chat_template.jinja": {"size": 3, "blob_id": "x"},
                 "README.md": {"size": 3, "blob_id": "y"}, "pytorch_model.bin": {"size": 3, "blob_id": "z"}}}""");
        assertEquals(Optional.empty(), found("org/tiny"));
        link("chat_template.jinja", "{{}}");
        assertEquals(Optional.of(snapshot), found("org/tiny"), "documents and other formats do not matter");
    }

    @Test
    void copiesAreAsGoodAsLinks() throws IOException {
        Files.delete(snapshot.resolve("config.json"));
        Files.writeString(snapshot.resolve("config.json"), "{}");
        assertEquals(Optional.of(snapshot), found("org/tiny"));
    }

    @Test
    void aCacheThatCannotBeWrittenIsNamed() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        RepositoryCache repository = new HubCache(file.resolve("hub"), true).repository(MODEL);
        String message = assertThrows(InputException.class, repository::create).getMessage();
        assertTrue(message.startsWith("cannot write to the hub cache " + file.resolve("hub") + ": "), message);
    }
}
