package io.penstock.device;

/** A device refused a call, or reported that earlier work failed. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int code;
    private final String name;
    private final String context;

    /**
     * @param call the function that reported it, such as {@code cuMemAlloc}
     * @param code its result
     * @param name the result's name, such as {@code CUDA_ERROR_OUT_OF_MEMORY}
     * @param context what was being done, with names and sizes
     */
    public DeviceException(String call, int code, String name, String context) {
        super(context + ": " + call + " gave " + name + " (" + code + ")");
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
}
