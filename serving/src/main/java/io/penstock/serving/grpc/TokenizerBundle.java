package io.penstock.serving.grpc;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.penstock.runtime.InputException;
import io.penstock.serving.grpc.wire.GetTokenizerChunk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** The files of a tokenizer as a zip, so that a gateway needs no hub: made once, at the start. */
final class TokenizerBundle {
    private static final List<String> FILES = List.of("tokenizer.json", "tokenizer_config.json", "config.json",
            "generation_config.json", "chat_template.jinja", "special_tokens_map.json");
    private static final int PIECE_BYTES = 64 << 10;

    private final ByteString zip;
    private final String sha256;

    private TokenizerBundle(byte[] zip) {
        this.zip = ByteString.copyFrom(zip);
        try {
            sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(zip));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Packs what a checkpoint's folder has of the files that gateways read. */
    static TokenizerBundle of(Path folder) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new ZipOutputStream(bytes)) {
            for (String name : FILES) {
                Path file = folder.resolve(name);
                if (Files.isRegularFile(file)) {
                    ZipEntry entry = new ZipEntry(name);
                    entry.setTime(0);
                    out.putNextEntry(entry);
                    Files.copy(file, out);
                    out.closeEntry();
                }
            }
        } catch (IOException e) {
            throw new InputException("the tokenizer in " + folder + " cannot be packed: " + e.getMessage(), e);
        }
        return new TokenizerBundle(bytes.toByteArray());
    }

    /** Sends the pieces as fast as the client takes them; the last one holds the checksum. */
    void send(ServerCallStreamObserver<GetTokenizerChunk> client) {
        int[] at = {0};
        client.setOnReadyHandler(() -> {
            while (client.isReady() && at[0] < zip.size()) {
                int end = Math.min(zip.size(), at[0] + PIECE_BYTES);
                GetTokenizerChunk.Builder piece = GetTokenizerChunk.newBuilder().setData(zip.substring(at[0], end));
                at[0] = end;
                if (end == zip.size()) {
                    piece.setSha256(sha256);
                }
                client.onNext(piece.build());
                if (end == zip.size()) {
                    client.onCompleted();
                }
            }
        });
    }
}
