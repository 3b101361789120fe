package io.penstock.runtime.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The tokenizers and texts that the tests of this package share. */
final class TextGoldens {
    static final ObjectMapper JSON = new ObjectMapper();
    static final Path ROOT = Path.of(System.getProperty("basedir", ".")).resolve("..");

    /** One text a script: letters that combine, letters without spaces between words, joined emoji. */
    static final List<String> LANGUAGES = List.of(
        "The quick brown fox can't jump over 13 lazy dogs; it's 3.14159 o'clock.",
        "नमस्ते दुनिया, आप कैसे हैं? मैं ठीक हूँ। क्षत्रिय १२३४५",
        "สวัสดีชาวโลก วันนี้อากาศดีมาก ๆ ๑๒๓ กำลังไปตลาด",
        "Xin chào thế giới! Hôm nay trời đẹp quá, đi chơi được không? Nghiêng ngả.",
        "Selamat pagi, apa kabar? Kupu-kupu beterbangan di taman Rp1.000.000.",
        "مرحبا بالعالم، كَيْفَ حَالُكَ اليوم؟ ١٢٣٤ العربيّة",
        "你好，世界！今天天气怎么样？我想吃饺子。𠀀𠮷",
        "👩‍👩‍👧‍👦 family, 🏳️‍🌈 flag, 🇳🇴🇮🇳 flags, 👍🏽 thumb, e\u0301 combining, \u200B zero width");

    private TextGoldens() {
    }

    static Tokenizer tokenizer(String folder) {
        return Tokenizer.load(path(folder));
    }

    static Path path(String folder) {
        Path base = folder.equals("demo") ? ROOT.resolve("models/penstock-demo")
            : ROOT.resolve("goldens/tokenizer").resolve(folder);
        return base.resolve("tokenizer.json");
    }

    static JsonNode read(Path path) {
        try {
            return JSON.readTree(Files.readAllBytes(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode cases(String folder) {
        return read(ROOT.resolve("goldens/tokenizer").resolve(folder).resolve("cases.json"));
    }

    static int[] ints(JsonNode array) {
        int[] ints = new int[array.size()];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = array.get(i).intValue();
        }
        return ints;
    }

    static List<String> strings(JsonNode array) {
        List<String> strings = new ArrayList<>();
        array.forEach(node -> strings.add(node.textValue()));
        return strings;
    }
}
