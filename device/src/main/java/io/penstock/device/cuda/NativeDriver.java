package io.penstock.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/** The driver of this machine, by JCuda; what a step calls, by {@link StepFunctions}. */
final class NativeDriver implements Driver {
    private static final int MAX_NAME_BYTES = 256;

    private static final class DeviceHandle extends CUdevice implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class ContextHandle extends CUcontext implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class MemoryHandle extends CUdeviceptr implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class StreamHandle extends CUstream implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class EventHandle extends CUevent implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class ModuleHandle extends CUmodule implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class FunctionHandle extends CUfunction implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class GraphHandle extends CUgraph implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class GraphExecHandle extends CUgraphExec implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    @Override
    public String resultName(int result) {
        return CUresult.stringFor(result);
    }

    @Override
    public int cuInit() {
        return JCudaDriver.cuInit(0);
    }

    @Override
    public int cuDriverGetVersion(int[] version) {
        return JCudaDriver.cuDriverGetVersion(version);
    }

    @Override
    public int cuDeviceGetCount(int[] count) {
        return JCudaDriver.cuDeviceGetCount(count);
    }

    @Override
    public int cuDeviceGet(Handle[] device, int ordinal) {
        DeviceHandle handle = new DeviceHandle();
        device[0] = handle;
        return JCudaDriver.cuDeviceGet(handle, ordinal);
    }

    @Override
    public int cuDeviceGetName(String[] name, Handle device) {
        byte[] bytes = new byte[MAX_NAME_BYTES];
        int result = JCudaDriver.cuDeviceGetName(bytes, bytes.length, (DeviceHandle) device);
        name[0] = new String(bytes, StandardCharsets.UTF_8).replaceFirst("(?s)\0.*", "");
        return result;
    }

    @Override
    public int cuDeviceGetAttribute(int[] value, int attribute, Handle device) {
        return JCudaDriver.cuDeviceGetAttribute(value, attribute, (DeviceHandle) device);
    }

    @Override
    public int cuDeviceTotalMem(long[] sizeBytes, Handle device) {
        return JCudaDriver.cuDeviceTotalMem(sizeBytes, (DeviceHandle) device);
    }

    @Override
    public int cuDevicePrimaryCtxRetain(Handle[] context, Handle device) {
        ContextHandle handle = new ContextHandle();
        context[0] = handle;
        return JCudaDriver.cuDevicePrimaryCtxRetain(handle, (DeviceHandle) device);
    }

    @Override
    public int cuDevicePrimaryCtxRelease(Handle device) {
        return JCudaDriver.cuDevicePrimaryCtxRelease((DeviceHandle) device);
    }

    @Override
    public int cuCtxSetCurrent(Handle context) {
        return JCudaDriver.cuCtxSetCurrent((ContextHandle) context);
    }

    @Override
    public int cuCtxSynchronize() {
        return JCudaDriver.cuCtxSynchronize();
    }

    @Override
    public int cuMemGetInfo(long[] freeBytes, long[] totalBytes) {
        return JCudaDriver.cuMemGetInfo(freeBytes, totalBytes);
    }

    @Override
    public int cuMemAlloc(Handle[] memory, long sizeBytes) {
        MemoryHandle handle = new MemoryHandle();
        memory[0] = handle;
        return JCudaDriver.cuMemAlloc(handle, sizeBytes);
    }

    @Override
    public int cuMemFree(Handle memory) {
        return JCudaDriver.cuMemFree((MemoryHandle) memory);
    }

    /** Not by JCuda, which makes a buffer of it and cannot beyond 2 GiB. */
    @Override
    public int cuMemHostAlloc(long[] address, long sizeBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocate(ValueLayout.JAVA_LONG);
            int result = StepFunctions.cuMemHostAlloc(word.address(), sizeBytes, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE);
            address[0] = word.get(ValueLayout.JAVA_LONG, 0);
            return result;
        }
    }

    @Override
    public int cuMemFreeHost(long address) {
        return StepFunctions.cuMemFreeHost(address);
    }

    @Override
    public int cuStreamCreate(Handle[] stream) {
        StreamHandle handle = new StreamHandle();
        stream[0] = handle;
        return JCudaDriver.cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING);
    }

    @Override
    public int cuStreamDestroy(Handle stream) {
        return JCudaDriver.cuStreamDestroy((StreamHandle) stream);
    }

    @Override
    public int cuEventCreate(Handle[] event) {
        EventHandle handle = new EventHandle();
        event[0] = handle;
        return JCudaDriver.cuEventCreate(handle, CUevent_flags.CU_EVENT_DEFAULT);
    }

    @Override
    public int cuEventDestroy(Handle event) {
        return JCudaDriver.cuEventDestroy((EventHandle) event);
    }

    @Override
    public int cuEventElapsedTime(float[] ms, Handle start, Handle end) {
        return JCudaDriver.cuEventElapsedTime(ms, (EventHandle) start, (EventHandle) end);
    }

    @Override
    public int cuModuleLoadDataEx(Handle[] module, MemorySegment image, int[] options, MemorySegment values) {
        ModuleHandle handle = new ModuleHandle();
        module[0] = handle;
        return JCudaDriver.cuModuleLoadDataEx(handle, Pointer.to(image.asByteBuffer()), options.length, options,
                Pointer.to(values.asByteBuffer()));
    }

    @Override
    public int cuModuleUnload(Handle module) {
        return JCudaDriver.cuModuleUnload((ModuleHandle) module);
    }

    @Override
    public int cuModuleGetFunction(Handle[] function, Handle module, String name) {
        FunctionHandle handle = new FunctionHandle();
        function[0] = handle;
        return JCudaDriver.cuModuleGetFunction(handle, (ModuleHandle) module, name);
    }

    @Override
    public int cuFuncGetAttribute(int[] value, int attribute, Handle function) {
        return JCudaDriver.cuFuncGetAttribute(value, attribute, (FunctionHandle) function);
    }

    @Override
    public int cuFuncSetAttribute(Handle function, int attribute, int value) {
        return JCudaDriver.cuFuncSetAttribute((FunctionHandle) function, attribute, value);
    }

    @Override
    public int cuStreamBeginCapture(Handle stream) {
        return JCudaDriver.cuStreamBeginCapture((StreamHandle) stream,
                CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    }

    @Override
    public int cuStreamEndCapture(Handle[] graph, Handle stream) {
        GraphHandle handle = new GraphHandle();
        graph[0] = handle;
        return JCudaDriver.cuStreamEndCapture((StreamHandle) stream, handle);
    }

    @Override
    public int cuGraphGetNodes(long[] numNodes, Handle graph) {
        return JCudaDriver.cuGraphGetNodes((GraphHandle) graph, null, numNodes);
    }

    @Override
    public int cuGraphInstantiate(Handle[] graphExec, Handle graph) {
        GraphExecHandle handle = new GraphExecHandle();
        graphExec[0] = handle;
        return JCudaDriver.cuGraphInstantiate(handle, (GraphHandle) graph, 0);
    }

    @Override
    public int cuGraphDestroy(Handle graph) {
        return JCudaDriver.cuGraphDestroy((GraphHandle) graph);
    }

    @Override
    public int cuGraphExecDestroy(Handle graphExec) {
        return JCudaDriver.cuGraphExecDestroy((GraphExecHandle) graphExec);
    }

    @Override
    public int cuLaunchKernel(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ,
            int dynamicSharedBytes, long stream, long parameters) {
        return StepFunctions.cuLaunchKernel(function, gridX, gridY, gridZ, blockX, blockY, blockZ, dynamicSharedBytes,
                stream, parameters);
    }

    @Override
    public boolean hasLaunchKernelEx() {
        return StepFunctions.hasLaunchKernelEx();
    }

    @Override
    public int cuLaunchKernelEx(long config, long function, long parameters) {
        return StepFunctions.cuLaunchKernelEx(config, function, parameters);
    }

    @Override
    public int cuGraphLaunch(long graphExec, long stream) {
        return StepFunctions.cuGraphLaunch(graphExec, stream);
    }

    @Override
    public int cuMemcpyHtoDAsync(long destination, long source, long sizeBytes, long stream) {
        return StepFunctions.cuMemcpyHtoDAsync(destination, source, sizeBytes, stream);
    }

    @Override
    public int cuMemcpyDtoHAsync(long destination, long source, long sizeBytes, long stream) {
        return StepFunctions.cuMemcpyDtoHAsync(destination, source, sizeBytes, stream);
    }

    @Override
    public int cuMemcpyDtoDAsync(long destination, long source, long sizeBytes, long stream) {
        return StepFunctions.cuMemcpyDtoDAsync(destination, source, sizeBytes, stream);
    }

    @Override
    public int cuMemsetD8Async(long destination, byte value, long sizeBytes, long stream) {
        return StepFunctions.cuMemsetD8Async(destination, value, sizeBytes, stream);
    }

    @Override
    public int cuEventRecord(long event, long stream) {
        return StepFunctions.cuEventRecord(event, stream);
    }

    @Override
    public int cuEventQuery(long event) {
        return StepFunctions.cuEventQuery(event);
    }

    @Override
    public int cuEventSynchronize(long event) {
        return StepFunctions.cuEventSynchronize(event);
    }

    @Override
    public int cuStreamWaitEvent(long stream, long event) {
        return StepFunctions.cuStreamWaitEvent(stream, event);
    }

    @Override
    public int cuStreamSynchronize(long stream) {
        return StepFunctions.cuStreamSynchronize(stream);
    }
}
