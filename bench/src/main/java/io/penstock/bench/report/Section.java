package io.penstock.bench.report;

import java.util.List;

/**
 * A part of the report.
 *
 * @param id anchor, and name of its images
 * @param missing what is not there, and how to get it; empty if nothing is
 * @param table beside the plots' own; null for none
 */
record Section(String id, String title, String intro, List<Plot> plots, Table table, List<String> missing) {
    Section {
        plots = List.copyOf(plots);
        missing = List.copyOf(missing);
    }
}
