package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.KernelSignature;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What launchers set is what the entries of the PTX take. */
class SignatureTest {
    private static Map<String, KernelSignature> compiled() {
        Map<String, KernelSignature> all = new HashMap<>();
        for (PtxSet set : PtxSet.values()) {
            for (String operation : Ptx.operations(set)) {
                all.putAll(KernelSignature.parse(Ptx.read(operation, set)));
            }
        }
        return all;
    }

    @Test
    void everyEntryHasTheDeclaredParameters() {
        Map<String, KernelSignature> compiled = compiled();
        TreeSet<String> declared = new TreeSet<>();
        for (EntryPoint entry : EntryPoints.all()) {
            assertTrue(declared.add(entry.name()), entry.name() + " is declared twice");
            assertTrue(compiled.containsKey(entry.name()), "the PTX has no entry " + entry.name());
            entry.require(compiled.get(entry.name()));
        }
        assertEquals(new TreeSet<>(compiled.keySet()), declared, "entries that no launcher declares");
    }

    /** All for 9.0 alone may begin before the launch in front has ended, and let the one behind begin so. */
    @Test
    void whatIsFor90AloneWaitsForTheLaunchInFrontAndLetsGo() {
        for (PtxSet set : PtxSet.values()) {
            for (String operation : Ptx.operations(set)) {
                String ptx = Ptx.read(operation, set);
                for (String entry : ptx.split("\\.entry ")) {
                    String name = entry.split("\\(")[0];
                    boolean isEntry = KernelSignature.parse(ptx).containsKey(name);
                    assertEquals(isEntry && set == PtxSet.HOPPER, entry.contains("griddepcontrol.wait;"), name);
                    assertEquals(isEntry && set == PtxSet.HOPPER,
                            entry.contains("griddepcontrol.launch_dependents;"), name);
                }
            }
        }
    }

    @Test
    void anotherParameterListIsRefused() {
        KernelSignature add = compiled().get("add_bf16");
        EntryPoint.Type pointer = EntryPoint.Type.POINTER;
        for (EntryPoint wrong : new EntryPoint[] {
            new EntryPoint("add_bf16", 32, pointer, pointer),
            new EntryPoint("add_bf16", 32, pointer, pointer, EntryPoint.Type.FLOAT),
            new EntryPoint("add_bf16", 32, pointer, EntryPoint.Type.INT, pointer),
            new EntryPoint("add_bf16", 32, pointer, pointer, EntryPoint.Type.INT, EntryPoint.Type.INT)
        }) {
            String message = assertThrows(IllegalStateException.class, () -> wrong.require(add)).getMessage();
            assertTrue(message.startsWith("add_bf16: the launcher declares " + wrong.parameters()), message);
        }
    }

    @Test
    void operationsAreThoseWithPtx() {
        for (PtxSet set : PtxSet.values()) {
            List<String> operations = Ptx.operations(set);
            assertEquals(new TreeSet<>(operations).stream().toList(), operations);
        }
        String message = assertThrows(IllegalArgumentException.class, () -> Ptx.read("sub", PtxSet.PORTABLE))
                .getMessage();
        assertTrue(message.contains("no PTX of an operation sub; there are [add,"), message);
    }
}
