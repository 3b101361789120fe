package io.penstock.serving.offline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.GraphMode;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.model.AskedLimits;
import io.penstock.serving.model.Backend;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.openai.ChatInput;
import io.penstock.serving.openai.ToolChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Items of the demo evaluation, in one batch on the emulator, answered as by the CPU with the same rounding. */
class DeviceEvaluationTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int NUM_ITEMS = 24;
    private static final int MAX_TOKENS = 12;

    /** Rounding to bfloat16 moves a logit of this model by less. */
    private static final double NEAR_TIE = 0.5;

    private static List<JsonNode> items() throws IOException {
        List<String> lines = Files.readAllLines(DemoModel.path("demo-data/eval.jsonl"));
        List<JsonNode> items = new ArrayList<>();
        for (int i = 0; i < NUM_ITEMS; i++) {
            items.add(JSON.readTree(lines.get(i * lines.size() / NUM_ITEMS)));
        }
        return items;
    }

    private static GenerationRequest request(JsonNode item) {
        ArrayNode tools = item.hasNonNull("tools") ? (ArrayNode) item.get("tools") : null;
        var chat = new ChatInput((ArrayNode) item.get("messages"), tools,
                new ToolChoice(ToolChoice.Mode.AUTO, null), true, JsonNodeFactory.instance.objectNode(), true, false);
        return new GenerationRequest(item.get("id").textValue(), new GenerationRequest.Chat(chat),
                DemoModel.greedy().withMaxTokens(MAX_TOKENS), 1, new GenerationRequest.Options(0, null, -1, false));
    }

    private static String[] answers(List<JsonNode> items, ServingConfig config) {
        String[] answers = new String[items.size()];
        try (Penstock penstock = DemoModel.open(config);
                GenerationResults results =
                        penstock.generate(items.stream().map(DeviceEvaluationTest::request).iterator())) {
            while (results.hasNext()) {
                GenerationResult result = results.next();
                assertFalse(result.isFailed(), () -> result.request().id() + ": " + result.error());
                answers[(int) result.index()] = result.choice().text();
            }
        }
        return answers;
    }

    @Test
    void answersAreThoseOfTheCpu() throws IOException {
        List<JsonNode> items = items();
        var asked = AskedLimits.NONE.withSizes(NUM_ITEMS, 256, 640);
        ServingConfig config = ServingConfig.of(Preset.THROUGHPUT).withLimits(asked);
        String[] onCpu = answers(items, config.on(new Backend.Cpu(Arithmetic.BFLOAT16, 2)));
        String[] onDevice = answers(items, config.on(new Backend.Accelerator(
                () -> new EmulatorDevice(EmulatorOptions.failing()), 0.9, false,
                CudaOptions.DEFAULTS.withGraphs(GraphMode.BACKGROUND).withGraphBatchSizes(4, 16, NUM_ITEMS))));
        int numEqual = 0;
        for (int i = 0; i < items.size(); i++) {
            boolean isEqual = onCpu[i].equals(onDevice[i]);
            numEqual += isEqual ? 1 : 0;
            int at = i;
            assertTrue(isEqual || items.get(i).get("min_margin").doubleValue() < NEAR_TIE,
                    () -> items.get(at).get("id") + ": the CPU answers " + onCpu[at] + ", the device " + onDevice[at]);
        }
        assertTrue(numEqual >= NUM_ITEMS - 2, numEqual + " of " + NUM_ITEMS);
        assertEquals(NUM_ITEMS, onDevice.length);
    }
}
