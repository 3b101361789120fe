package io.penstock.device.cuda;

import io.penstock.device.Kernel;
import io.penstock.device.KernelSignature;
import jcuda.driver.CUfunction_attribute;

final class CudaKernel implements Kernel {
    private final CudaModule module;
    private final KernelSignature signature;
    private final Driver.Handle handle;
    private final long address;
    private final int[] offsets;
    private final Attributes attributes;

    private CudaKernel(CudaModule module, KernelSignature signature, Driver.Handle handle, Attributes attributes) {
        this.module = module;
        this.signature = signature;
        this.handle = handle;
        this.address = handle.address();
        this.attributes = attributes;
        this.offsets = new int[signature.parameters().size()];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = signature.parameters().get(i).offsetBytes();
        }
    }

    static CudaKernel of(CudaModule module, Driver.Handle moduleHandle, KernelSignature signature) {
        CudaContext context = module.context();
        Driver.Handle[] handle = new Driver.Handle[1];
        context.check(context.driver().cuModuleGetFunction(handle, moduleHandle, signature.kernel()),
                "cuModuleGetFunction", "looking up kernel " + signature.kernel() + " of", module);
        Driver.Handle function = handle[0];
        Attributes attributes = new Attributes(
                attribute(context, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, function, signature),
                attribute(context, CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, function, signature),
                attribute(context, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function, signature),
                attribute(context, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function, signature));
        return new CudaKernel(module, signature, function, attributes);
    }

    private static int attribute(
            CudaContext context, int attribute, Driver.Handle function, KernelSignature signature) {
        int[] value = new int[1];
        context.check(context.driver().cuFuncGetAttribute(value, attribute, function), "cuFuncGetAttribute",
                "reading attribute " + attribute + " of kernel", signature.kernel());
        return value[0];
    }

    CudaModule module() {
        return module;
    }

    long address() {
        return address;
    }

    /** Where each argument lies; not to be changed. */
    int[] offsets() {
        return offsets;
    }

    @Override
    public String name() {
        return signature.kernel();
    }

    @Override
    public KernelSignature signature() {
        return signature;
    }

    @Override
    public Attributes attributes() {
        return attributes;
    }

    @Override
    public void setMaxDynamicShared(int sizeBytes) {
        module.enter();
        module.context().check(
                module.context().driver().cuFuncSetAttribute(handle,
                        CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sizeBytes),
                "cuFuncSetAttribute", "allowing " + sizeBytes + " bytes of dynamic shared memory to", this);
    }

    @Override
    public String toString() {
        return "kernel " + name() + " of " + module;
    }
}
