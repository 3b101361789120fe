package io.penstock.device.cuda;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/**
 * NVIDIA's PTX compiler of CUDA 12.0, from JCuda's jar: it says what a driver would make of a module, with neither GPU
 * nor driver. Any thread may call it.
 */
public final class PtxCompiler {
    /** The compiler crashes, and the process with it, on a text that begins otherwise. */
    private static final Pattern HEAD =
            Pattern.compile("(?:\\s|//[^\n]*\n)*+\\.version\\s+\\d+\\.\\d+(?:\\s|//[^\n]*\n)++\\.target\\s+\\w+");

    private PtxCompiler() {}

    /**
     * Why there is no compiler on this machine, in one line for the user, or nothing.
     */
    public static String problem() {
        return NativeLibraries.load(NativeLibraries.Library.PTX_COMPILER);
    }

    /**
     * Compiles a module; takes up to seconds.
     *
     * @param ptx the text of one PTX module, of PTX 8.0 at most
     * @param architecture such as {@code sm_80}, {@code sm_90a}
     * @throws IllegalStateException if there is no compiler on this machine, with its {@link #problem}
     */
    public static PtxCompilation compile(String ptx, String architecture) {
        String problem = problem();
        if (!problem.isEmpty()) {
            throw new IllegalStateException(problem);
        }
        if (!HEAD.matcher(ptx).lookingAt()) {
            return rejected(architecture, "the text does not begin with .version and .target: it is no PTX");
        }
        byte[] text = (ptx + "\0").getBytes(StandardCharsets.UTF_8);
        nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
        int result = JNvPTXCompiler.nvPTXCompilerCreate(compiler, text.length - 1, text);
        if (result != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
            return rejected(architecture, nvPTXCompileResult.stringFor(result));
        }
        try {
            return compile(compiler, architecture);
        } finally {
            JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
        }
    }

    private static PtxCompilation compile(nvPTXCompilerHandle compiler, String architecture) {
        String[] options = {"--gpu-name=" + architecture, "--verbose"};
        int result = JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
        if (result != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
            String log = errorLog(compiler);
            return rejected(architecture, log.isEmpty() ? nvPTXCompileResult.stringFor(result) : log);
        }
        CompilerLog log = CompilerLog.parse(infoLog(compiler));
        return new PtxCompilation(architecture, true, log.entries(), log.notes(), "");
    }

    private static PtxCompilation rejected(String architecture, String errorLog) {
        return new PtxCompilation(architecture, false, List.of(), List.of(), errorLog);
    }

    private static String errorLog(nvPTXCompilerHandle compiler) {
        long[] length = new long[1];
        JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, length);
        byte[] log = new byte[Math.toIntExact(length[0]) + 1];
        JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, log);
        return text(log);
    }

    private static String infoLog(nvPTXCompilerHandle compiler) {
        long[] length = new long[1];
        JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(compiler, length);
        byte[] log = new byte[Math.toIntExact(length[0]) + 1];
        JNvPTXCompiler.nvPTXCompilerGetInfoLog(compiler, log);
        return text(log);
    }

    private static String text(byte[] log) {
        return new String(log, StandardCharsets.UTF_8).replace("\0", "").strip();
    }
}
