package io.penstock.serving.metrics;

/** Upper bounds of histograms: those that dashboards for this family of metrics know, and finer ones below them. */
final class Buckets {
    static final double[] FIRST_TOKEN_SECONDS = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1,
        2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560};
    static final double[] TOKEN_SECONDS = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3,
        0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80};
    static final double[] REQUEST_SECONDS = {0.01, 0.03, 0.1, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50,
        60, 120, 240, 480, 960, 1920, 7680};
    static final double[] REQUEST_TOKENS = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000,
        50_000, 100_000};

    private Buckets() {}
}
