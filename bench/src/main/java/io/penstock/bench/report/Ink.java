package io.penstock.bench.report;

import java.awt.Color;
import java.util.Locale;

/** What a stroke or a text is drawn with: a name for style sheets, and a colour for images on white. */
enum Ink {
    TEXT(0x1b1f24), MUTED(0x57606a), GRID(0xd8dee4), GAP(0xcf222e),
    S0(0x0969da), S1(0xbc4c00), S2(0x1a7f37), S3(0x8250df), S4(0xbf3989), S5(0x1b7c83), S6(0x7d4e00), S7(0x57606a);

    private static final Ink[] SERIES = {S0, S1, S2, S3, S4, S5, S6, S7};

    private final Color onWhite;

    Ink(int rgb) {
        onWhite = new Color(rgb);
    }

    /** The ink of the {@code index}-th series; they come round again. */
    static Ink series(int index) {
        return SERIES[index % SERIES.length];
    }

    Color onWhite() {
        return onWhite;
    }

    /** Class in the style sheet. */
    String style() {
        return name().toLowerCase(Locale.ROOT);
    }
}
