package trivium.console;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Writes maps, iterables, numbers, booleans, null and the text of all else as JSON (RFC 8259). */
final class Json {
    private final StringBuilder out = new StringBuilder();

    private Json() {}

    static String write(Object value) {
        Json json = new Json();
        json.value(value);
        return json.out.toString();
    }

    /** An object with its members in the order given: key, value, key, value … */
    static Map<String, Object> object(Object... members) {
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0; i < members.length; i += 2) {
            map.put((String) members[i], members[i + 1]);
        }
        return map;
    }

    private void value(Object value) {
        switch (value) {
            case null -> out.append("null");
            case Optional<?> optional -> value(optional.orElse(null));
            case Map<?, ?> map -> members(map);
            case Path path -> string(path.toString()); // a Path is an Iterable, too
            case Iterable<?> list -> elements(list.iterator());
            case Boolean b -> out.append(b);
            case Double d when d.isNaN() || d.isInfinite() -> out.append("null");
            case Number n -> out.append(n);
            default -> string(value.toString());
        }
    }

    private void members(Map<?, ?> map) {
        out.append('{');
        String separator = "";
        for (Map.Entry<?, ?> member : map.entrySet()) {
            out.append(separator);
            string(String.valueOf(member.getKey()));
            out.append(": ");
            value(member.getValue());
            separator = ", ";
        }
        out.append('}');
    }

    private void elements(Iterator<?> elements) {
        out.append('[');
        while (elements.hasNext()) {
            value(elements.next());
            if (elements.hasNext()) {
                out.append(", ");
            }
        }
        out.append(']');
    }

    /** Escapes controls also beyond ASCII and lone surrogates, so that any consumer can read it. */
    private void string(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (Character.isISOControl(c) || Character.isSurrogate(c)) {
                out.append("\\u%04x".formatted((int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
