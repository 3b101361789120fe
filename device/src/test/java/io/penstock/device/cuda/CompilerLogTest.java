package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.device.cuda.PtxCompilation.Entry;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompilerLogTest {
    @Test
    void barriersAndCalledFunctions() {
        CompilerLog log = CompilerLog.parse("""
                ptxas warning : Unresolved extern variable 'x'
                ptxas info    : 0 bytes gmem
                ptxas info    : Compiling entry function 'gemm' for 'sm_90a'
                ptxas info    : Function properties for gemm
                    8 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
                ptxas info    : Function properties for called
                    24 bytes stack frame, 16 bytes spill stores, 12 bytes spill loads
                ptxas info    : Used 168 registers, used 9 barriers, 8 bytes cumulative stack size, 1024+0 bytes smem
                ptxas info    : Compile time = 3.120 ms
                """);
        assertEquals(List.of(new Entry("gemm", 168, 8, 0, 0, 1024, 9)), log.entries());
        assertEquals(List.of("Unresolved extern variable 'x'", "called spills registers: 16 bytes stored, 12 loaded"),
                log.notes());
    }

    @Test
    void nothingSaid() {
        assertEquals(new CompilerLog(List.of(), List.of()), CompilerLog.parse("\0"));
    }
}
