package io.penstock.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** The checked-in PTX, compressed, one module an operation; for some there is another one that runs on 9.0 alone. */
final class Ptx {
    private static final List<String> OPERATIONS = List.of(
            "add", "add_rms_norm", "add_rms_norm_route_top_k", "attention", "combine_add_rms_norm", "copy_blocks",
            "embed", "gather_last", "grouped_linear", "in_proj_short_conv", "linear", "logprobs",
            "qk_norm_rope_store", "rms_norm", "sample", "short_conv", "silu_and_mul", "update_block_tables");

    private static final List<String> HOPPER_OPERATIONS = List.of(
            "attention", "experts_add_rms_norm", "grouped_linear", "in_proj_short_conv", "linear",
            "qkv_norm_rope_store");

    private Ptx() {}

    /** The names of all operations that a set has kernels of, sorted. */
    static List<String> operations(PtxSet set) {
        return switch (set) {
            case PORTABLE -> OPERATIONS;
            case HOPPER -> HOPPER_OPERATIONS;
        };
    }

    /**
     * The text of an operation's module.
     *
     * @throws IllegalArgumentException if the set has no such operation
     */
    static String read(String operation, PtxSet set) {
        String path = "ptx/" + set.target() + "/" + operation + ".ptx.gz";
        try (InputStream in = Ptx.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException(
                        "no PTX of an operation " + operation + "; there are " + operations(set));
            }
            return new String(new GZIPInputStream(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("PTX of " + operation, e);
        }
    }
}
