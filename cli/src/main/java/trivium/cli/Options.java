package trivium.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import trivium.vm.VmException;

/** The options of a command; {@code --name value} and {@code --name=value} are the same. */
abstract class Options {
    /**
     * @param rest begins with the option's value, if it has one
     */
    abstract void take(String option, Iterator<String> rest) throws VmException;

    final void takeAll(List<String> args) throws VmException {
        Iterator<String> rest = args.iterator();
        while (rest.hasNext()) {
            String option = rest.next();
            int equals = option.startsWith("--") ? option.indexOf('=') : -1;
            if (equals > 0) {
                String value = option.substring(equals + 1);
                take(option.substring(0, equals), List.of(value).iterator());
            } else {
                take(option, rest);
            }
        }
    }

    static String value(String option, Iterator<String> rest) throws VmException {
        if (!rest.hasNext()) {
            throw new VmException("%s needs a value".formatted(option));
        }
        return rest.next();
    }

    static Path path(String option, Iterator<String> rest) throws VmException {
        String text = value(option, rest);
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new VmException("%s %s is no path: %s".formatted(option, text, e.getReason()), e);
        }
    }
}
