package io.penstock.device.cuda;

import java.lang.foreign.MemorySegment;

/**
 * The functions of the CUDA driver that this package calls, one to one. Each gives the driver's result; what a function
 * gives besides is the first element of its arrays. The second half is called in every step and takes plain addresses.
 */
interface Driver {
    int SUCCESS = 0;

    /** What the driver made; how it is held is the implementation's own. */
    interface Handle {
        long address();
    }

    String resultName(int result);

    int cuInit();

    int cuDriverGetVersion(int[] version);

    int cuDeviceGetCount(int[] count);

    int cuDeviceGet(Handle[] device, int ordinal);

    int cuDeviceGetName(String[] name, Handle device);

    int cuDeviceGetAttribute(int[] value, int attribute, Handle device);

    int cuDeviceTotalMem(long[] sizeBytes, Handle device);

    int cuDevicePrimaryCtxRetain(Handle[] context, Handle device);

    int cuDevicePrimaryCtxRelease(Handle device);

    int cuCtxSetCurrent(Handle context);

    int cuCtxSynchronize();

    int cuMemGetInfo(long[] freeBytes, long[] totalBytes);

    int cuMemAlloc(Handle[] memory, long sizeBytes);

    int cuMemFree(Handle memory);

    int cuMemHostAlloc(long[] address, long sizeBytes);

    int cuMemFreeHost(long address);

    int cuStreamCreate(Handle[] stream);

    int cuStreamDestroy(Handle stream);

    int cuEventCreate(Handle[] event);

    int cuEventDestroy(Handle event);

    int cuEventElapsedTime(float[] ms, Handle start, Handle end);

    /**
     * @param image PTX, ending in a zero byte
     * @param values of the options, a word each
     */
    int cuModuleLoadDataEx(Handle[] module, MemorySegment image, int[] options, MemorySegment values);

    int cuModuleUnload(Handle module);

    int cuModuleGetFunction(Handle[] function, Handle module, String name);

    int cuFuncGetAttribute(int[] value, int attribute, Handle function);

    int cuFuncSetAttribute(Handle function, int attribute, int value);

    int cuStreamBeginCapture(Handle stream);

    int cuStreamEndCapture(Handle[] graph, Handle stream);

    int cuGraphGetNodes(long[] numNodes, Handle graph);

    int cuGraphInstantiate(Handle[] graphExec, Handle graph);

    int cuGraphDestroy(Handle graph);

    int cuGraphExecDestroy(Handle graphExec);

    /** @param parameters address of a table of the arguments' addresses */
    int cuLaunchKernel(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ,
            int dynamicSharedBytes, long stream, long parameters);

    /** Whether {@link #cuLaunchKernelEx} is there: drivers before CUDA 11.8 lack it. */
    boolean hasLaunchKernelEx();

    /**
     * @param config address of a {@link LaunchConfig}
     * @param parameters address of a table of the arguments' addresses
     */
    int cuLaunchKernelEx(long config, long function, long parameters);

    int cuGraphLaunch(long graphExec, long stream);

    int cuMemcpyHtoDAsync(long destination, long source, long sizeBytes, long stream);

    int cuMemcpyDtoHAsync(long destination, long source, long sizeBytes, long stream);

    int cuMemcpyDtoDAsync(long destination, long source, long sizeBytes, long stream);

    int cuMemsetD8Async(long destination, byte value, long sizeBytes, long stream);

    int cuEventRecord(long event, long stream);

    int cuEventQuery(long event);

    int cuEventSynchronize(long event);

    int cuStreamWaitEvent(long stream, long event);

    int cuStreamSynchronize(long stream);
}
