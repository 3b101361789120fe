package io.penstock.bench.report;

import java.util.Locale;

/** Numbers as people read them. */
final class Figures {
    private Figures() {}

    /** Three significant digits or whole thousands: {@code 0.0123}, {@code 12.3}, {@code 12,345}. */
    static String show(double value) {
        double size = Math.abs(value);
        if (value == 0) {
            return "0";
        }
        if (size >= 1e9) {
            return String.format(Locale.ROOT, "%.3g", value).replace("e+0", "e").replace("e+", "e");
        }
        if (size >= 1000) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : (int) Math.ceil(-Math.log10(size)) + 2;
        String text = String.format(Locale.ROOT, "%." + Math.min(digits, 9) + "f", value);
        return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
    }

    /** On an axis: {@code 20K}, {@code 1.5M}. */
    static String tick(double value) {
        double size = Math.abs(value);
        return size >= 1e9 ? show(value / 1e9) + "G" : size >= 1e6 ? show(value / 1e6) + "M"
                : size >= 1e4 ? show(value / 1e3) + "K" : show(value);
    }

    static boolean isNumber(String cell) {
        return cell.matches("-?[0-9][0-9,.]*(e[0-9]+)?( (%|µs|ms|s|GiB|×))?");
    }
}
