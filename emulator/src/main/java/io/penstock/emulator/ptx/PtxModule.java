package io.penstock.emulator.ptx;

import java.util.LinkedHashMap;
import java.util.Map;

/** A PTX module: its variables and functions by name, in the order of the text. */
public final class PtxModule {
    private final Map<String, PtxVariable> variables = new LinkedHashMap<>();
    private final Map<String, PtxFunction> functions = new LinkedHashMap<>();
    private final Map<Integer, String> files = new LinkedHashMap<>();
    private String target = "";

    PtxModule() {}

    /** Reads the text of a module; throws a {@link PtxException} that names the first line that is not understood. */
    public static PtxModule parse(String text) {
        return new PtxParser(text).module();
    }

    public Map<String, PtxVariable> variables() {
        return variables;
    }

    public Map<String, PtxFunction> functions() {
        return functions;
    }

    /** CUDA files by the number that the text gives them. */
    public Map<Integer, String> files() {
        return files;
    }

    /** The architecture that the text was made for, such as {@code sm_80}. */
    public String target() {
        return target;
    }

    void target(String name) {
        target = name;
    }
}
