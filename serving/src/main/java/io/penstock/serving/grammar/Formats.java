package io.penstock.serving.grammar;

import java.util.HashMap;
import java.util.Map;

/** The formats of strings that can be written, as regular expressions; narrower than their standards, never wider. */
final class Formats {
    private static final String MONTH_DAY = "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
            + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";
    private static final String LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][48]|[13579][26]"
            + "|[2468]0)00)";
    private static final String DATE = "(?:[0-9]{4}-" + MONTH_DAY + "|" + LEAP_YEAR + "-02-29)";
    private static final String TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?"
            + "(?:Z|[+-](?:0[0-9]|1[0-4]):(?:00|15|30|45))";
    private static final String BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";
    private static final String LABEL = "[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?";
    private static final String HOST = LABEL + "(?:\\." + LABEL + "){0,5}";
    private static final String URI =
            "https?://" + HOST + "(?::[1-9][0-9]{0,3})?(?:/[A-Za-z0-9._~-]{1,64}){0,16}/?"
            + "(?:\\?[A-Za-z0-9._~-]{1,64}=[A-Za-z0-9._~-]{0,64})?(?:#[A-Za-z0-9._~-]{1,64})?";

    private static final Map<String, String> PATTERNS = patterns();

    private Formats() {}

    private static Map<String, String> patterns() {
        Map<String, String> patterns = new HashMap<>();
        patterns.put("date-time", DATE + "T" + TIME);
        patterns.put("date", DATE);
        patterns.put("time", TIME);
        patterns.put("duration", "P(?:[0-9]{1,4}W|[0-9]{1,4}D(?:T[0-9]{1,4}H)?|T[0-9]{1,4}[HMS])");
        patterns.put("email", "[a-z0-9]{1,16}(?:[._+-][a-z0-9]{1,16}){0,2}@(?:[a-z][a-z0-9]{0,15}\\.){1,3}[a-z]{2,6}");
        patterns.put("hostname", HOST);
        patterns.put("ipv4", IPV4);
        patterns.put("ipv6", "[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}");
        patterns.put("uri", URI);
        patterns.put("uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
        return patterns;
    }

    /** The regular expression of a format's whole text, or null for one that is not known. */
    static Regex regex(String format) {
        String pattern = PATTERNS.get(format);
        return pattern == null ? null : RegexParser.parse(pattern);
    }

    static String names() {
        return String.join(", ", PATTERNS.keySet().stream().sorted().toList());
    }
}
