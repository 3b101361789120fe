package io.penstock.cli;

import io.penstock.runtime.InputException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** One argument of a kernel as {@code --arg} gives it: memory on the device, or the bytes of a value. */
sealed interface PtxArgument {
    String FORMS = "in:FILE, out:FILE:BYTES, inout:FILE:OUTFILE, i8:V, u8:V, i16:V, u16:V, i32:V, u32:V, i64:V, u64:V,"
            + " f16:V, bf16:V, f32:V, f64:V and bytes:HEX";

    /** As the user wrote it. */
    String text();

    /**
     * Memory, one allocation.
     *
     * @param in what it holds before the launch; null if it starts uninitialised
     * @param out where it goes after the launch; null if nowhere
     * @param numBytes its size if there is no {@code in}
     */
    record Buffer(String text, Path in, Path out, int numBytes) implements PtxArgument {}

    /**
     * A value, little-endian.
     *
     * @param type before the colon
     */
    record Value(String text, String type, byte[] bytes) implements PtxArgument {
        boolean isFloat() {
            return type.equals("f32") || type.equals("f64");
        }
    }

    /** @throws InputException if it has none of the forms; the message has the argument and what it should be */
    static PtxArgument parse(String text) {
        int colon = text.indexOf(':');
        String type = colon < 0 ? text : text.substring(0, colon);
        String rest = colon < 0 ? "" : text.substring(colon + 1);
        return switch (type) {
            case "in" -> new Buffer(text, path(text, rest), null, 0);
            case "out" -> out(text, rest);
            case "inout" -> inout(text, rest);
            case "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64" ->
                new Value(text, type, integer(text, type, rest));
            case "f16", "bf16", "f32", "f64" -> new Value(text, type, floating(text, type, rest));
            case "bytes" -> new Value(text, type, hex(text, rest));
            default -> throw wrong(text, "the forms are " + FORMS);
        };
    }

    private static InputException wrong(String text, String problem) {
        return new InputException("--arg " + text + ": " + problem);
    }

    private static Path path(String text, String name) {
        if (name.isEmpty()) {
            throw wrong(text, "a file's name is missing; the forms are " + FORMS);
        }
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw wrong(text, "'" + name + "' is not a file's name: " + e.getReason());
        }
    }

    private static PtxArgument out(String text, String rest) {
        int colon = rest.lastIndexOf(':');
        if (colon < 0) {
            throw wrong(text, "the size in bytes is missing: give out:FILE:BYTES");
        }
        String size = rest.substring(colon + 1);
        BigInteger numBytes = whole(text, size);
        if (numBytes.signum() <= 0 || numBytes.bitLength() > 31) {
            throw wrong(text, "the size must be between 1 and 2147483647 bytes, not " + size);
        }
        return new Buffer(text, null, path(text, rest.substring(0, colon)), numBytes.intValueExact());
    }

    /** Names may hold colons themselves: the first cut before which a file exists is meant, or else the first one. */
    private static PtxArgument inout(String text, String rest) {
        int cut = rest.indexOf(':');
        if (cut < 0) {
            throw wrong(text, "the file for the output is missing: give inout:FILE:OUTFILE");
        }
        for (int colon = cut; colon >= 0; colon = rest.indexOf(':', colon + 1)) {
            if (Files.exists(path(text, rest.substring(0, Math.max(1, colon))))) {
                cut = colon;
                break;
            }
        }
        return new Buffer(text, path(text, rest.substring(0, cut)), path(text, rest.substring(cut + 1)), 0);
    }

    private static BigInteger whole(String text, String digits) {
        boolean negative = digits.startsWith("-");
        String magnitude = negative ? digits.substring(1) : digits;
        boolean hex = magnitude.startsWith("0x") || magnitude.startsWith("0X");
        if (!magnitude.matches(hex ? "0[xX][0-9a-fA-F]{1,16}" : "[0-9]{1,20}")) {
            throw wrong(text, "'" + digits + "' is not a whole number, such as 12, -3 or 0xff");
        }
        BigInteger value = hex ? new BigInteger(magnitude.substring(2), 16) : new BigInteger(magnitude);
        return negative ? value.negate() : value;
    }

    private static byte[] integer(String text, String type, String digits) {
        int numBits = Integer.parseInt(type.substring(1));
        BigInteger value = whole(text, digits);
        boolean signed = type.startsWith("i");
        BigInteger least = signed ? BigInteger.ONE.shiftLeft(numBits - 1).negate() : BigInteger.ZERO;
        BigInteger most = BigInteger.ONE.shiftLeft(signed ? numBits - 1 : numBits).subtract(BigInteger.ONE);
        boolean pattern = digits.startsWith("0x") && value.bitLength() <= numBits;
        if (!pattern && (value.compareTo(least) < 0 || value.compareTo(most) > 0)) {
            throw wrong(text, digits + " is not between " + least + " and " + most);
        }
        byte[] bytes = new byte[numBits / 8];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = value.shiftRight(8 * i).byteValue();
        }
        return bytes;
    }

    private static byte[] floating(String text, String type, String number) {
        double value = switch (number) {
            case "inf", "+inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> decimal(text, number);
        };
        ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case "f64" -> bytes.putDouble(value);
            case "f32" -> bytes.putFloat((float) value);
            case "f16" -> bytes.putShort(Float.floatToFloat16((float) value));
            default -> bytes.putShort(bfloat16((float) value));
        }
        byte[] cut = new byte[bytes.position()];
        bytes.flip().get(cut);
        return cut;
    }

    private static short bfloat16(float value) {
        int bits = Float.floatToIntBits(value);
        return (short) (Float.isNaN(value) ? bits >>> 16 : bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    private static double decimal(String text, String number) {
        if (!Pattern.matches("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?", number)) {
            throw wrong(text, "'" + number + "' is not a number, such as 1.5, -2e-3, inf or nan");
        }
        return Double.parseDouble(number);
    }

    private static byte[] hex(String text, String digits) {
        try {
            byte[] bytes = HexFormat.of().parseHex(digits.startsWith("0x") ? digits.substring(2) : digits);
            if (bytes.length > 0) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // Says the same as an empty text.
        }
        throw wrong(text, "give pairs of hexadecimal digits, in the order of memory, such as bytes:0000803f");
    }
}
