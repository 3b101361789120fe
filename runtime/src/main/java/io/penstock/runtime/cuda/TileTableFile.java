package io.penstock.runtime.cuda;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.kernels.TileTable;
import io.penstock.kernels.TiledBlock;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Tile tables of devices as JSON files, one for each kind of device, in a folder. */
public final class TileTableFile {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FOLDER = "PENSTOCK_TILES";

    private TileTableFile() {}

    /** Where they are: what the environment variable PENSTOCK_TILES says, or below the user's cache. */
    public static Path folder() {
        String said = System.getenv(FOLDER);
        return said != null && !said.isEmpty() ? Path.of(said)
                : Path.of(System.getProperty("user.home"), ".cache", "penstock", "tiles");
    }

    /** The file of a kind of device. */
    public static Path of(Path folder, String device) {
        return folder.resolve(device.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-") + ".json");
    }

    /**
     * What was measured of a kind of device; where there is no file or no folder, nothing.
     *
     * @throws InputException if the file is not one of these, naming file and place
     */
    static TileTable read(Path folder, String device) {
        if (folder == null) {
            return TileTable.BUILT_IN;
        }
        Path file = of(folder, device);
        if (!Files.exists(file)) {
            return TileTable.BUILT_IN;
        }
        List<TileTable.Choice> choices = new ArrayList<>();
        try {
            JsonNode root = JSON.readTree(Files.readAllBytes(file));
            if (!root.path("device").asText().equals(device)) {
                throw wrong(file, "it is of the device '" + root.path("device").asText() + "', not '" + device + "'");
            }
            if (!root.path("choices").isArray()) {
                throw wrong(file, "it has no list 'choices'");
            }
            for (JsonNode each : root.path("choices")) {
                choices.add(new TileTable.Choice(number(file, each, "weightRows"), number(file, each, "k"),
                        number(file, each, "maxRows"), TiledBlock.valueOf(each.path("block").asText()),
                        number(file, each, "tileRows")));
            }
            return new TileTable(choices);
        } catch (JacksonException e) {
            throw wrong(file, "it is no JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw wrong(file, "it cannot be read: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw wrong(file, "choice " + (choices.size() + 1) + ": " + e.getMessage());
        }
    }

    private static int number(Path file, JsonNode choice, String name) {
        if (!choice.path(name).isInt()) {
            throw wrong(file, "a choice's '" + name + "' must be an integer, not " + choice.path(name));
        }
        return choice.path(name).intValue();
    }

    private static InputException wrong(Path file, String what) {
        return new InputException("tile table " + file + ": " + what
                + "; delete it, or write it anew with 'penstock gpu-check --tune'");
    }

    /** Writes it whole or not at all, in place of one that is there; the file. */
    public static Path write(Path folder, String device, TileTable table) {
        ObjectNode root = JSON.createObjectNode().put("device", device);
        ArrayNode choices = root.putArray("choices");
        for (TileTable.Choice choice : table.choices()) {
            choices.addObject().put("weightRows", choice.weightRows()).put("k", choice.k())
                    .put("maxRows", choice.maxRows()).put("block", choice.block().name())
                    .put("tileRows", choice.tileRows());
        }
        Path file = of(folder, device);
        Path whole = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.createDirectories(folder);
            JSON.writerWithDefaultPrettyPrinter().writeValue(whole.toFile(), root);
            return Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new InputException("cannot write the tile table " + file + ": " + e.getMessage(), e);
        }
    }
}
