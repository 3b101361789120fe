package io.penstock.runtime.config;

/** The operator of a layer. */
public enum LayerType {
    CONV("conv"),
    FULL_ATTENTION("full_attention");

    private final String key;

    LayerType(String key) {
        this.key = key;
    }

    /** The word in {@code config.json}. */
    public String key() {
        return key;
    }
}
