package io.penstock.device;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parameters of a kernel and where each lies in the bytes that a launch hands over: in the order of declaration,
 * each at the next multiple of its alignment, as the CUDA ABI has it.
 *
 * @param kernel the entry's name
 * @param parameters in the order of declaration
 * @param sizeBytes of all parameters together
 * @param waitsForLaunchInFront whether it has {@code griddepcontrol.wait}, so that it may begin before the kernel in
 *     front of it on its stream has ended
 */
public record KernelSignature(
        String kernel, List<Parameter> parameters, int sizeBytes, boolean waitsForLaunchInFront) {
    private static final String WAIT = "griddepcontrol.wait";
    private static final Pattern COMMENT = Pattern.compile("//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern ENTRY =
            Pattern.compile("\\.entry\\s+([A-Za-z0-9_$%]+)\\s*(?:\\(([^)]*)\\))?", Pattern.DOTALL);
    private static final Pattern FUNCTION = Pattern.compile("\\.(?:entry|func)\\b");
    private static final Pattern ALIGN = Pattern.compile("\\.align\\s+(\\d+)");
    private static final Pattern TYPE = Pattern.compile("\\.([busf])(8|16|32|64)\\b");
    private static final Pattern DECLARED = Pattern.compile("([A-Za-z0-9_$%]+)\\s*(?:\\[\\s*(\\d+)\\s*])?\\s*$");
    private static final Pattern POINTER = Pattern.compile("\\.ptr\\b.*", Pattern.DOTALL);

    /**
     * One parameter.
     *
     * @param name as declared
     * @param kind {@code b}, {@code u}, {@code s} or {@code f}, as PTX has it: bits, unsigned, signed, float
     * @param offsetBytes from the first parameter's first byte
     * @param sizeBytes of its value; a structure or an array is one parameter of all its bytes
     */
    public record Parameter(String name, char kind, int offsetBytes, int sizeBytes) {}

    public KernelSignature {
        parameters = List.copyOf(parameters);
    }

    /**
     * The signatures of a module's entries, by name, in the order of the text.
     *
     * @param ptx the text of one PTX module
     * @throws IllegalArgumentException if a declaration cannot be understood; it names entry and parameter
     */
    public static Map<String, KernelSignature> parse(String ptx) {
        Map<String, KernelSignature> signatures = new LinkedHashMap<>();
        String text = COMMENT.matcher(ptx).replaceAll(" ");
        Matcher entry = ENTRY.matcher(text);
        while (entry.find()) {
            String declarations = entry.group(2) == null ? "" : entry.group(2).strip();
            Matcher next = FUNCTION.matcher(text);
            int end = next.find(entry.end()) ? next.start() : text.length();
            int wait = text.indexOf(WAIT, entry.end());
            signatures.put(entry.group(1), of(entry.group(1), declarations, wait >= 0 && wait < end));
        }
        return signatures;
    }

    private static KernelSignature of(String kernel, String declarations, boolean waits) {
        List<Parameter> parameters = new ArrayList<>();
        int end = 0;
        for (String declaration : declarations.isEmpty() ? new String[0] : declarations.split(",")) {
            Parameter parameter = parameter(kernel, declaration.strip(), end);
            parameters.add(parameter);
            end = parameter.offsetBytes() + parameter.sizeBytes();
        }
        return new KernelSignature(kernel, parameters, end, waits);
    }

    private static Parameter parameter(String kernel, String declaration, int end) {
        Matcher type = TYPE.matcher(declaration);
        Matcher declared = DECLARED.matcher(declaration);
        if (!declaration.startsWith(".param") || !type.find() || !declared.find()) {
            throw new IllegalArgumentException(
                    "entry " + kernel + ": parameter '" + declaration + "' is not understood");
        }
        int elementBytes = Integer.parseInt(type.group(2)) / 8;
        int sizeBytes = declared.group(2) == null ? elementBytes : elementBytes * Integer.parseInt(declared.group(2));
        // An alignment after .ptr is that of what the pointer points to.
        Matcher align = ALIGN.matcher(POINTER.matcher(declaration).replaceFirst(""));
        int alignBytes = align.find() ? Integer.parseInt(align.group(1)) : elementBytes;
        int offsetBytes = Math.ceilDiv(end, alignBytes) * alignBytes;
        return new Parameter(declared.group(1), type.group(1).charAt(0), offsetBytes, sizeBytes);
    }
}
