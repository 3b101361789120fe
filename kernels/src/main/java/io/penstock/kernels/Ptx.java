package io.penstock.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The checked-in PTX, one module an operation; for some there is another one that runs on 9.0 alone. */
public final class Ptx {
    private static final List<String> OPERATIONS = List.of(
            "add", "add_rms_norm", "add_rms_norm_route_top_k", "attention", "combine_add_rms_norm", "copy_blocks",
            "embed", "gather_last", "grouped_linear", "in_proj_short_conv", "linear", "logprobs",
            "qk_norm_rope_store", "rms_norm", "sample", "short_conv", "silu_and_mul", "update_block_tables");

    private static final List<String> TILED_OPERATIONS = List.of("grouped_linear", "linear");

    private Ptx() {}

    /** The names of all operations that have kernels for a format of weights, sorted; row-major: of all. */
    public static List<String> operations(WeightFormat format) {
        return switch (format) {
            case ROW_MAJOR -> OPERATIONS;
            case TILES -> TILED_OPERATIONS;
        };
    }

    /**
     * The text of the module for a format of weights; row-major: it runs on compute capability 8.0 and everything
     * later.
     *
     * @throws IllegalArgumentException if there is no such operation
     */
    public static String read(String operation, WeightFormat format) {
        String path = "ptx/" + format.ptxSet() + "/" + operation + ".ptx";
        try (InputStream in = Ptx.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException(
                        "no PTX of an operation " + operation + "; there are " + operations(format));
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("PTX of " + operation, e);
        }
    }
}
