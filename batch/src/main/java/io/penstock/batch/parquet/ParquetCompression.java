package io.penstock.batch.parquet;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/** How the pages of a Parquet output are compressed. */
public enum ParquetCompression {
    ZSTD(CompressionCodecName.ZSTD) {
        @Override
        byte[] compress(byte[] page) {
            return Zstd.compress(page);
        }
    },
    SNAPPY(CompressionCodecName.SNAPPY) {
        @Override
        byte[] compress(byte[] page) throws IOException {
            return Snappy.compress(page);
        }
    },
    GZIP(CompressionCodecName.GZIP) {
        @Override
        byte[] compress(byte[] page) throws IOException {
            var bytes = new ByteArrayOutputStream(page.length / 2);
            try (var gzip = new GZIPOutputStream(bytes)) {
                gzip.write(page);
            }
            return bytes.toByteArray();
        }
    },
    NONE(CompressionCodecName.UNCOMPRESSED) {
        @Override
        byte[] compress(byte[] page) {
            return page;
        }
    };

    private final CompressionCodecName codec;

    ParquetCompression(CompressionCodecName codec) {
        this.codec = codec;
    }

    abstract byte[] compress(byte[] page) throws IOException;

    /** This as the format's library takes it. */
    BytesInputCompressor compressor() {
        return new BytesInputCompressor() {
            @Override
            public BytesInput compress(BytesInput page) throws IOException {
                var bytes = new ByteArrayOutputStream(Math.toIntExact(page.size()));
                page.writeAllTo(bytes);
                return BytesInput.from(ParquetCompression.this.compress(bytes.toByteArray()));
            }

            @Override
            public CompressionCodecName getCodecName() {
                return codec;
            }

            @Override
            public void release() {
                // Holds nothing.
            }
        };
    }
}
