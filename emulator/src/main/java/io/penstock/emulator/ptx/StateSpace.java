package io.penstock.emulator.ptx;

/** Where a variable lies, or what an address means; {@code GENERIC} addresses say it themselves. */
public enum StateSpace {
    GENERIC,
    GLOBAL,
    CONST,
    SHARED,
    SHARED_CLUSTER,
    LOCAL,
    PARAM;

    /** The space that a directive or modifier without its dot names, or null. */
    public static StateSpace of(String word) {
        return switch (word) {
            case "global" -> GLOBAL;
            case "const" -> CONST;
            case "shared", "shared::cta" -> SHARED;
            case "shared::cluster" -> SHARED_CLUSTER;
            case "local" -> LOCAL;
            case "param", "param::entry", "param::func" -> PARAM;
            default -> null;
        };
    }
}
