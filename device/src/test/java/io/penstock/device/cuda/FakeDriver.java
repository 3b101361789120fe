package io.penstock.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUresult;

/**
 * A driver without a GPU that writes down every call, knows what is made and not given back, and fails where told. It
 * refuses what a driver would not survive: giving back twice, and using what is given back; and what a driver refuses
 * while it captures.
 */
final class FakeDriver implements Driver {
    record FakeHandle(String kind, long address) implements Handle {}

    /** A launch of a kernel of {@link #keptParameters}, with its parameters as in {@link #parameters}. */
    record Launch(String kernel, long[] parameters) {}

    final List<String> calls = new ArrayList<>();
    final Set<Handle> live = new HashSet<>();
    final Map<Long, Arena> pinned = new HashMap<>();
    final Map<Integer, Integer> deviceAttributes = new HashMap<>(Map.of(
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 9,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 132,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, 60 << 20));
    final Map<Integer, Integer> functionAttributes = new HashMap<>(Map.of(
            CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, 40,
            CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024));
    final Map<String, Integer> failures = new HashMap<>();
    int failAtCall = -1;
    int failure;
    /** A kernel behind whose launch a wait for the stream fails, once; or null. */
    String failingKernel;
    int version = 12_060;
    boolean hasLaunchKernelEx = true;
    int count = 1;
    long totalBytes = 141L << 30;
    String infoLog = "";
    String errorLog = "";
    boolean isEventDone;
    /** The arguments of the last launch: as many words as {@link #numParameters}, each eight bytes from its address. */
    long[] parameters;
    int numParameters;
    /** Kernels whose launches are kept, with how many parameters they have. */
    final Map<String, Integer> keptParameters = new HashMap<>();
    final List<Launch> launches = new ArrayList<>();
    private final Map<Long, String> functions = new HashMap<>();
    private final FakeCaptures captures = new FakeCaptures();
    private boolean isRecording = true;
    private long nextAddress = 0x1000;
    private int lastResult;
    private boolean hasFailed;

    /** Stops writing calls down, so that nothing here allocates. */
    void stopRecording() {
        isRecording = false;
    }

    private int call(String name, Object... values) {
        calls.add(values.length == 0 ? name : name + " " + List.of(values));
        boolean fails = calls.size() - 1 == failAtCall;
        lastResult = fails ? failure : failures.getOrDefault(name, SUCCESS);
        return lastResult;
    }

    private int make(Handle[] made, String call, String kind, Object... values) {
        if (call(call, values) == SUCCESS) {
            nextAddress += 0x1000;
            made[0] = new FakeHandle(kind, nextAddress);
            live.add(made[0]);
        }
        return lastResult;
    }

    private int giveBack(String call, Handle handle) {
        if (!live.remove(handle)) {
            throw new AssertionError(call + " of " + handle + ", which is not there");
        }
        return call(call, handle.address());
    }

    private void requireLive(Handle handle) {
        if (!live.contains(handle)) {
            throw new AssertionError("use of " + handle + ", which is not there");
        }
    }

    private void requireLive(long address, String kind) {
        if (isRecording) {
            requireLive(new FakeHandle(kind, address));
        }
    }

    @Override
    public String resultName(int result) {
        return CUresult.stringFor(result);
    }

    @Override
    public int cuInit() {
        return call("cuInit");
    }

    @Override
    public int cuDriverGetVersion(int[] value) {
        value[0] = version;
        return call("cuDriverGetVersion");
    }

    @Override
    public int cuDeviceGetCount(int[] value) {
        value[0] = count;
        return call("cuDeviceGetCount");
    }

    @Override
    public int cuDeviceGet(Handle[] device, int ordinal) {
        device[0] = new FakeHandle("device", ordinal);
        return call("cuDeviceGet", ordinal);
    }

    @Override
    public int cuDeviceGetName(String[] name, Handle device) {
        name[0] = "NVIDIA H200";
        return call("cuDeviceGetName");
    }

    @Override
    public int cuDeviceGetAttribute(int[] value, int attribute, Handle device) {
        value[0] = deviceAttributes.getOrDefault(attribute, 0);
        return call("cuDeviceGetAttribute", attribute);
    }

    @Override
    public int cuDeviceTotalMem(long[] sizeBytes, Handle device) {
        sizeBytes[0] = totalBytes;
        return call("cuDeviceTotalMem");
    }

    @Override
    public int cuDevicePrimaryCtxRetain(Handle[] context, Handle device) {
        return make(context, "cuDevicePrimaryCtxRetain", "context");
    }

    @Override
    public int cuDevicePrimaryCtxRelease(Handle device) {
        Handle context = live.stream().filter(handle -> ((FakeHandle) handle).kind().equals("context")).findFirst()
                .orElseThrow(() -> new AssertionError("release of a context that is not there"));
        return giveBack("cuDevicePrimaryCtxRelease", context);
    }

    @Override
    public int cuCtxSetCurrent(Handle context) {
        requireLive(context);
        return call("cuCtxSetCurrent");
    }

    @Override
    public int cuCtxSynchronize() {
        return call("cuCtxSynchronize");
    }

    @Override
    public int cuMemGetInfo(long[] freeBytes, long[] total) {
        freeBytes[0] = totalBytes / 2;
        total[0] = totalBytes;
        return call("cuMemGetInfo");
    }

    @Override
    public int cuMemAlloc(Handle[] memory, long sizeBytes) {
        return make(memory, "cuMemAlloc", "memory", sizeBytes);
    }

    @Override
    public int cuMemFree(Handle memory) {
        return giveBack("cuMemFree", memory);
    }

    @Override
    public int cuMemHostAlloc(long[] address, long sizeBytes) {
        if (call("cuMemHostAlloc", sizeBytes) == SUCCESS) {
            Arena arena = Arena.ofShared();
            address[0] = arena.allocate(sizeBytes).fill((byte) 7).address();
            pinned.put(address[0], arena);
        }
        return lastResult;
    }

    @Override
    public int cuMemFreeHost(long address) {
        Arena arena = pinned.remove(address);
        if (arena == null) {
            throw new AssertionError("cuMemFreeHost of what is not there");
        }
        arena.close();
        return call("cuMemFreeHost");
    }

    @Override
    public int cuStreamCreate(Handle[] stream) {
        return make(stream, "cuStreamCreate", "stream");
    }

    @Override
    public int cuStreamDestroy(Handle stream) {
        return giveBack("cuStreamDestroy", stream);
    }

    @Override
    public int cuEventCreate(Handle[] event) {
        return make(event, "cuEventCreate", "event");
    }

    @Override
    public int cuEventDestroy(Handle event) {
        return giveBack("cuEventDestroy", event);
    }

    @Override
    public int cuEventElapsedTime(float[] ms, Handle start, Handle end) {
        requireLive(start);
        requireLive(end);
        ms[0] = 1.5f;
        return call("cuEventElapsedTime", start.address(), end.address());
    }

    @Override
    @SuppressWarnings("restricted")
    public int cuModuleLoadDataEx(Handle[] module, MemorySegment image, int[] options, MemorySegment values) {
        int result = make(module, "cuModuleLoadDataEx", "module", image.getString(0).lines().count());
        for (int i = 0; i < options.length; i++) {
            long value = values.getAtIndex(ValueLayout.JAVA_LONG, i);
            switch (options[i]) {
                case CUjit_option.CU_JIT_INFO_LOG_BUFFER ->
                    MemorySegment.ofAddress(value).reinterpret(infoLog.length() + 1).setString(0, infoLog);
                case CUjit_option.CU_JIT_ERROR_LOG_BUFFER ->
                    MemorySegment.ofAddress(value).reinterpret(errorLog.length() + 1).setString(0, errorLog);
                default -> {
                    if (value < 1 || value > 1 << 20) {
                        throw new AssertionError("option " + options[i] + " is " + value);
                    }
                }
            }
        }
        return result;
    }

    @Override
    public int cuModuleUnload(Handle module) {
        return giveBack("cuModuleUnload", module);
    }

    @Override
    public int cuModuleGetFunction(Handle[] function, Handle module, String name) {
        requireLive(module);
        nextAddress += 0x1000;
        function[0] = new FakeHandle("function", nextAddress);
        functions.put(nextAddress, name);
        return call("cuModuleGetFunction", name);
    }

    @Override
    public int cuFuncGetAttribute(int[] value, int attribute, Handle function) {
        value[0] = functionAttributes.getOrDefault(attribute, 0);
        return call("cuFuncGetAttribute", attribute);
    }

    @Override
    public int cuFuncSetAttribute(Handle function, int attribute, int value) {
        return call("cuFuncSetAttribute", attribute, value);
    }

    @Override
    public int cuStreamBeginCapture(Handle stream) {
        requireLive(stream);
        if (call("cuStreamBeginCapture") == SUCCESS) {
            captures.begin(stream.address());
        }
        return lastResult;
    }

    @Override
    public int cuStreamEndCapture(Handle[] graph, Handle stream) {
        requireLive(stream);
        int result = captures.end(stream.address());
        if (result != SUCCESS) {
            call("cuStreamEndCapture");
            return result;
        }
        return make(graph, "cuStreamEndCapture", "graph");
    }

    @Override
    public int cuGraphGetNodes(long[] numNodes, Handle graph) {
        requireLive(graph);
        numNodes[0] = 3;
        return call("cuGraphGetNodes");
    }

    @Override
    public int cuGraphInstantiate(Handle[] graphExec, Handle graph) {
        requireLive(graph);
        return make(graphExec, "cuGraphInstantiate", "exec");
    }

    @Override
    public int cuGraphDestroy(Handle graph) {
        return giveBack("cuGraphDestroy", graph);
    }

    @Override
    public int cuGraphExecDestroy(Handle graphExec) {
        return giveBack("cuGraphExecDestroy", graphExec);
    }

    @Override
    public int cuLaunchKernel(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ,
            int dynamicSharedBytes, long stream, long table) {
        requireLive(stream, "stream");
        if (!isRecording) {
            return SUCCESS;
        }
        launched(function, stream, table);
        return call("cuLaunchKernel", gridX, gridY, gridZ, blockX, blockY, blockZ, dynamicSharedBytes);
    }

    @Override
    public boolean hasLaunchKernelEx() {
        return hasLaunchKernelEx;
    }

    /** Words 0 to 6 are the shape, 8 the stream, 10 the attributes' address, 12 their number, as the driver has it. */
    @Override
    @SuppressWarnings("restricted")
    public int cuLaunchKernelEx(long config, long function, long table) {
        if (!isRecording) {
            return SUCCESS;
        }
        MemorySegment memory = MemorySegment.ofAddress(config).reinterpret(56);
        long stream = memory.get(ValueLayout.JAVA_LONG, 32);
        requireLive(stream, "stream");
        launched(function, stream, table);
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            values.add(memory.getAtIndex(ValueLayout.JAVA_INT, i));
        }
        MemorySegment attributes = MemorySegment.ofAddress(memory.get(ValueLayout.JAVA_LONG, 40)).reinterpret(72);
        values.add(memory.get(ValueLayout.JAVA_INT, 48) + " attribute " + attributes.get(ValueLayout.JAVA_INT, 0)
                + " = " + attributes.get(ValueLayout.JAVA_INT, 8));
        return call("cuLaunchKernelEx", values.toArray());
    }

    @SuppressWarnings("restricted")
    private void launched(long function, long stream, long table) {
        captures.queued(stream);
        String name = functions.get(function);
        hasFailed |= name.equals(failingKernel);
        int number = keptParameters.getOrDefault(name, numParameters);
        MemorySegment addresses = MemorySegment.ofAddress(table).reinterpret(8L * number);
        parameters = new long[number];
        for (int i = 0; i < number; i++) {
            long address = addresses.getAtIndex(ValueLayout.JAVA_LONG, i);
            parameters[i] = MemorySegment.ofAddress(address).reinterpret(8).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        }
        if (keptParameters.containsKey(name)) {
            launches.add(new Launch(name, parameters));
        }
    }

    @Override
    public int cuGraphLaunch(long graphExec, long stream) {
        requireLive(stream, "stream");
        requireLive(graphExec, "exec");
        if (isRecording) {
            captures.queued(stream);
        }
        return isRecording ? call("cuGraphLaunch") : SUCCESS;
    }

    private int copy(String name, long destination, long source, long sizeBytes, long stream) {
        requireLive(stream, "stream");
        if (isRecording) {
            captures.queued(stream);
        }
        return isRecording ? call(name, destination, source, sizeBytes) : SUCCESS;
    }

    @Override
    public int cuMemcpyHtoDAsync(long destination, long source, long sizeBytes, long stream) {
        return copy("cuMemcpyHtoDAsync", destination, source, sizeBytes, stream);
    }

    @Override
    public int cuMemcpyDtoHAsync(long destination, long source, long sizeBytes, long stream) {
        return copy("cuMemcpyDtoHAsync", destination, source, sizeBytes, stream);
    }

    @Override
    public int cuMemcpyDtoDAsync(long destination, long source, long sizeBytes, long stream) {
        return copy("cuMemcpyDtoDAsync", destination, source, sizeBytes, stream);
    }

    @Override
    public int cuMemsetD8Async(long destination, byte value, long sizeBytes, long stream) {
        return copy("cuMemsetD8Async", destination, value, sizeBytes, stream);
    }

    @Override
    public int cuEventRecord(long event, long stream) {
        requireLive(event, "event");
        requireLive(stream, "stream");
        if (isRecording) {
            captures.recorded(event, stream);
        }
        return isRecording ? call("cuEventRecord", event) : SUCCESS;
    }

    @Override
    public int cuEventQuery(long event) {
        requireLive(event, "event");
        int result = isRecording ? call("cuEventQuery") : SUCCESS;
        return result == SUCCESS && !isEventDone ? CUresult.CUDA_ERROR_NOT_READY : result;
    }

    @Override
    public int cuEventSynchronize(long event) {
        requireLive(event, "event");
        return isRecording ? call("cuEventSynchronize") : SUCCESS;
    }

    @Override
    public int cuStreamWaitEvent(long stream, long event) {
        requireLive(stream, "stream");
        requireLive(event, "event");
        if (!isRecording) {
            return SUCCESS;
        }
        int result = call("cuStreamWaitEvent", event);
        return result == SUCCESS ? captures.awaited(stream, event) : result;
    }

    @Override
    public int cuStreamSynchronize(long stream) {
        requireLive(stream, "stream");
        if (hasFailed) {
            hasFailed = false;
            call("cuStreamSynchronize");
            return failure;
        }
        if (isRecording && captures.isCaptured(stream)) {
            call("cuStreamSynchronize");
            return CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        return isRecording ? call("cuStreamSynchronize") : SUCCESS;
    }
}
