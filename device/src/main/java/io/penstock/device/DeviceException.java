package io.penstock.device;

import java.util.List;

/** A device refused a call, or reported that earlier work failed. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int code;
    private final String name;
    private final String context;
    private final transient List<String> suspects;

    /**
     * A call that failed by itself, or of which it is known what failed.
     *
     * @param call the function that reported it, such as {@code cuMemAlloc}
     * @param code its result
     * @param name the result's name, such as {@code CUDA_ERROR_OUT_OF_MEMORY}
     * @param context what was being done, with names and sizes
     */
    public DeviceException(String call, int code, String name, String context) {
        this(call, code, name, context, List.of());
    }

    /**
     * A call that reports that earlier work failed.
     *
     * @param suspects the kernels that were under way, in the order of their launches: one of them failed, or a copy
     */
    public DeviceException(String call, int code, String name, String context, List<String> suspects) {
        super(context + ": " + call + " gave " + name + " (" + code + ")"
                + (suspects.isEmpty() ? "" : "; under way, in this order, were " + String.join(", ", suspects)));
        this.suspects = List.copyOf(suspects);
        this.call = call;
        this.code = code;
        this.name = name;
        this.context = context;
    }

    public String call() {
        return call;
    }

    public int code() {
        return code;
    }

    public String name() {
        return name;
    }

    public String context() {
        return context;
    }

    /** The kernels of which one failed, in the order of their launches; empty where that is not the question. */
    public List<String> suspects() {
        return suspects == null ? List.of() : suspects;
    }
}
