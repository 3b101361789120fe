package io.penstock.bench.report;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The committed results, ready to be written as a page, a text or images. */
public final class Report {
    private static final int IMAGE_WIDTH = 860;

    private final Results results;
    private final List<Section> sections;

    private Report(Results results, List<MemoryMap> maps) {
        this.results = results;
        sections = List.of(Throughput.of(results), Latencies.of(results), CpuComparison.of(results),
                Roofline.of(results), Timelines.of(results), MemoryMap.of(maps), HostPaths.of(results),
                HostPaths.accuracy(results), History.of(results), Listing.of(results));
    }

    /**
     * Reads all results of a directory.
     *
     * @param maps of the memory of devices, computed by the caller
     */
    public static Report of(Path directory, List<MemoryMap> maps) {
        return new Report(Results.read(directory), maps);
    }

    /** Lines that are no results, each said in one line. */
    public List<String> problems() {
        return results.problems();
    }

    /** Results that were read. */
    public int numResults() {
        return results.all().size();
    }

    /** One page that needs nothing else: no network, no script. */
    public String html() {
        return HtmlPage.of(results, sections);
    }

    /** The same tables as a text. */
    public String markdown() {
        return Markdown.of(results, sections);
    }

    /** The table of a README: see {@code headlines.json}. */
    public String headlines() {
        return Headlines.of(results).markdown();
    }

    /** A PNG for each plot, by file name. */
    public Map<String, byte[]> images() {
        Map<String, byte[]> images = new LinkedHashMap<>();
        for (Section section : sections) {
            for (int i = 0; i < section.plots().size(); i++) {
                images.put(section.id() + (section.plots().size() == 1 ? "" : "-" + (i + 1)) + ".png",
                        ImageCanvas.png(section.plots().get(i), IMAGE_WIDTH));
            }
        }
        return images;
    }
}
