package io.penstock.runtime.plan;

import io.penstock.runtime.InputException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes in bytes as people write them: {@code 80GiB}, {@code 24.5 GB}, {@code 512M}. */
public final class MemorySize {
    private static final String UNITS = "KMGT";
    private static final Pattern TEXT = Pattern.compile("(\\d{1,15}(?:\\.\\d{1,9})?)\\s*([KMGT]?)(I?)B?");
    private static final BigDecimal MAX_BYTES = BigDecimal.valueOf(1L << 50);

    private MemorySize() {}

    /** Bytes of a size; GiB and G count by 1024, GB by 1000, a number alone is bytes. At most 1024 TiB. */
    public static long parse(String text) {
        String upper = text.strip().toUpperCase(Locale.ROOT);
        Matcher matcher = TEXT.matcher(upper);
        if (!matcher.matches() || (matcher.group(2).isEmpty() && !matcher.group(3).isEmpty())) {
            throw notASize(text);
        }
        boolean isBinary = !matcher.group(3).isEmpty() || !upper.endsWith("B");
        int power = matcher.group(2).isEmpty() ? 0 : UNITS.indexOf(matcher.group(2)) + 1;
        BigDecimal bytes = new BigDecimal(matcher.group(1))
                .multiply(BigDecimal.valueOf(isBinary ? 1024 : 1000).pow(power));
        if (bytes.signum() == 0 || bytes.compareTo(MAX_BYTES) > 0) {
            throw notASize(text);
        }
        return bytes.longValue();
    }

    /** Three or more digits in the largest unit that is not below 1, by 1024: {@code 15.77 GiB}. */
    public static String show(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes;
        int power = 0;
        while (value >= 1024 && power < UNITS.length()) {
            value /= 1024;
            power++;
        }
        return String.format(Locale.ROOT, value < 10 ? "%.2f %siB" : "%.1f %siB", value, UNITS.charAt(power - 1));
    }

    private static InputException notASize(String text) {
        return new InputException("'" + text + "' is not a memory size: write 80GiB, 24GB or 512MiB");
    }
}
