package trivium.console;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Option;

/**
 * Moves options before arguments, where Karaf's shell wants to have them. Behind "--" there are
 * only arguments. A command with a list of arguments keeps words it does not know where they are:
 * {@code vm:type linux ls -l} types "-l".
 */
final class OptionsFirst {
    private final Map<String, Boolean> takesValue = new HashMap<>();
    private boolean list;

    OptionsFirst(Class<?> action) {
        for (Class<?> type = action; type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                look(field);
            }
        }
    }

    private void look(Field field) {
        Option option = field.getAnnotation(Option.class);
        if (option != null) {
            takesValue.put(option.name(), field.getType() != boolean.class);
        }
        Argument argument = field.getAnnotation(Argument.class);
        list |= argument != null && argument.multiValued();
    }

    List<Object> order(List<Object> words) {
        List<Object> options = new ArrayList<>();
        List<Object> arguments = new ArrayList<>();
        for (Iterator<Object> rest = words.iterator(); rest.hasNext(); ) {
            Object word = rest.next();
            String text = String.valueOf(word);
            if (text.equals("--")) {
                rest.forEachRemaining(arguments::add);
            } else if (!isOption(text)) {
                arguments.add(word);
            } else {
                options.add(word);
                if (takesValue.getOrDefault(text, false) && rest.hasNext()) {
                    options.add(rest.next());
                }
            }
        }
        options.addAll(arguments);
        return options;
    }

    private boolean isOption(String word) {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        boolean known = takesValue.containsKey(name) || word.equals("--help");
        return known || !list && word.startsWith("--"); // Karaf then says that there is none
    }
}
