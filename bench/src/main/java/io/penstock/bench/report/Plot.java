package io.penstock.bench.report;

/** A picture of numbers that also knows them as a table. */
sealed interface Plot permits XyPlot, BarPlot, TimelinePlot {
    String title();

    /** What is to be seen, in a sentence, for those who do not see it. */
    String description();

    /** Pixels that it takes when it is {@code width} wide. */
    double height(double width);

    void draw(Canvas canvas, double width);

    /** All that is drawn. */
    Table data();
}
