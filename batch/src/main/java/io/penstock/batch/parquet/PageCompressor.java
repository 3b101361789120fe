package io.penstock.batch.parquet;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/** A {@link ParquetCompression} as the format's library takes it. Holds nothing. */
final class PageCompressor implements BytesInputCompressor {
    private final ParquetCompression compression;

    PageCompressor(ParquetCompression compression) {
        this.compression = compression;
    }

    @Override
    public BytesInput compress(BytesInput page) throws IOException {
        var bytes = new ByteArrayOutputStream(Math.toIntExact(page.size()));
        page.writeAllTo(bytes);
        return BytesInput.from(compress(bytes.toByteArray()));
    }

    private byte[] compress(byte[] page) throws IOException {
        return switch (compression) {
            case ZSTD -> Zstd.compress(page);
            case SNAPPY -> Snappy.compress(page);
            case GZIP -> gzip(page);
            case NONE -> page;
        };
    }

    private static byte[] gzip(byte[] page) throws IOException {
        var bytes = new ByteArrayOutputStream(page.length / 2);
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(page);
        }
        return bytes.toByteArray();
    }

    @Override
    public CompressionCodecName getCodecName() {
        return switch (compression) {
            case ZSTD -> CompressionCodecName.ZSTD;
            case SNAPPY -> CompressionCodecName.SNAPPY;
            case GZIP -> CompressionCodecName.GZIP;
            case NONE -> CompressionCodecName.UNCOMPRESSED;
        };
    }

    @Override
    public void release() {
        // Holds nothing.
    }
}
