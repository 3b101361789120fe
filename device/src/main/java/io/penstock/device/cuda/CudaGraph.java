package io.penstock.device.cuda;

import io.penstock.device.Graph;
import java.util.List;
import java.util.Objects;

final class CudaGraph extends CudaResource implements Graph {
    private final String name;
    private final Driver.Handle handle;
    private final long address;
    private final int numNodes;
    private final List<String> kernels;

    private CudaGraph(
            CudaContext context, String name, Driver.Handle handle, int numNodes, List<String> kernels) {
        super(context);
        this.name = name;
        this.handle = handle;
        this.address = handle.address();
        this.numNodes = numNodes;
        this.kernels = List.copyOf(kernels);
    }

    /**
     * Makes a captured graph executable; the captured one is given back whether or not that works.
     *
     * @param kernels names of its launches, in their order
     */
    static CudaGraph instantiate(
            CudaContext context, String name, Driver.Handle captured, List<String> kernels) {
        Driver driver = context.driver();
        long[] numNodes = new long[1];
        Driver.Handle[] exec = new Driver.Handle[1];
        int nodesResult = driver.cuGraphGetNodes(numNodes, captured);
        int execResult = nodesResult == Driver.SUCCESS ? driver.cuGraphInstantiate(exec, captured) : nodesResult;
        CudaGraph graph = execResult == Driver.SUCCESS
                ? context.add(new CudaGraph(context, name, exec[0], Math.toIntExact(numNodes[0]), kernels))
                : null;
        int destroyResult = driver.cuGraphDestroy(captured);
        context.check(nodesResult, "cuGraphGetNodes", "counting the nodes of graph", name);
        context.check(execResult, "cuGraphInstantiate", "instantiating graph", name);
        context.check(destroyResult, "cuGraphDestroy", "giving back the capture of graph", name);
        return Objects.requireNonNull(graph);
    }

    long address() {
        return address;
    }

    /** Names of its launches, in their order. */
    List<String> kernels() {
        return kernels;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int numNodes() {
        return numNodes;
    }

    @Override
    public void close() {
        context().close(this);
    }

    @Override
    void release() {
        context().checkRelease(context().driver().cuGraphExecDestroy(handle), "cuGraphExecDestroy", this);
    }

    @Override
    public String toString() {
        return "graph " + name;
    }
}
