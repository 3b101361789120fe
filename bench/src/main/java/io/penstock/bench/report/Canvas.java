package io.penstock.bench.report;

/** What plots are drawn on; pixels from the top left. */
interface Canvas {
    /** Height of a line of text. */
    double LINE = 18;

    /** Width of an average character. */
    double CHAR = 6.7;

    enum Anchor { START, MIDDLE, END }

    void line(double x1, double y1, double x2, double y2, Ink ink);

    /** Straight lines from point to point. */
    void path(double[] xs, double[] ys, Ink ink, boolean isDashed);

    /**
     * A marker of 9 pixels.
     *
     * @param shape 0 circle, 1 square, 2 diamond, 3 triangle; they come round again
     * @param tip what it says when pointed at
     */
    void mark(double x, double y, Ink ink, int shape, String tip);

    /** A filled rectangle; {@code tip} as for a mark. */
    void box(double x, double y, double width, double height, Ink ink, String tip);

    /** {@code y} is the base line. */
    void text(double x, double y, String text, Anchor anchor, Ink ink);

    /** An estimate that holds for all renderers. */
    static double widthOf(String text) {
        return text.length() * CHAR;
    }

    /** {@code text} within {@code width}, cut with an ellipsis if need be. */
    static String fitted(String text, double width) {
        int most = Math.max(1, (int) (width / CHAR));
        return text.length() <= most ? text : text.substring(0, most - 1) + "…";
    }
}
