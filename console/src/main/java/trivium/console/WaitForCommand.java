package trivium.console;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.Vm;
import trivium.vm.VmException;
import trivium.vm.VmState;

@Service
@Command(
        scope = "vm",
        name = "wait-for",
        description = "Waits until a VM shows a text or reaches a state.",
        detailedDescription = "classpath:wait-for.txt")
public final class WaitForCommand extends VmCommand {
    private static final long POLL_MILLIS = 50;

    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Any.class)
    String name;

    @Option(name = "--screen", description = "Regular expression to find on the text screen")
    String screen;

    @Option(name = "--serial", description = "Regular expression to find in the serial output")
    String serial;

    @Option(name = "--new", description = "Look only at serial output from now on")
    boolean fresh;

    @Option(name = "--state", description = "State to wait for")
    @Completion(Choices.States.class)
    String state;

    @Option(name = "--timeout", description = "Seconds to wait at most")
    double timeout = 60;

    @Override
    void run() throws Exception {
        Vm vm = vm(name);
        if (screen == null && serial == null && state == null) {
            throw new VmException("say what to wait for: --screen, --serial or --state");
        }
        try (SerialText text = new SerialText(vm.console(), !fresh)) {
            List<Condition> conditions = conditions(vm, text);
            if (!await(conditions)) {
                throw new VmException(
                        "VM '%s': no %s within %s s; it is %s"
                                .formatted(
                                        name,
                                        conditions.stream()
                                                .filter(c -> !c.met().getAsBoolean())
                                                .map(Condition::text)
                                                .collect(Collectors.joining(", no ")),
                                        timeout,
                                        vm.state()));
            }
        }
    }

    private record Condition(String text, BooleanSupplier met) {}

    private List<Condition> conditions(Vm vm, SerialText text) throws VmException {
        var conditions = new ArrayList<Condition>();
        if (screen != null) {
            Pattern wanted = pattern(screen);
            conditions.add(
                    new Condition(
                            "/%s/ on the screen".formatted(screen),
                            () -> wanted.matcher(screenOf(vm)).find()));
        }
        if (serial != null) {
            Pattern wanted = pattern(serial);
            conditions.add(
                    new Condition(
                            "/%s/ on the serial console".formatted(serial),
                            () -> wanted.matcher(text.toString()).find()));
        }
        if (state != null) {
            VmState wanted = stateOf(state);
            conditions.add(new Condition("state " + state, () -> vm.state() == wanted));
        }
        return conditions;
    }

    private boolean await(List<Condition> conditions) throws InterruptedException {
        long deadline = System.nanoTime() + (long) (timeout * 1e9);
        while (!conditions.stream().allMatch(c -> c.met().getAsBoolean())) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            Thread.sleep(POLL_MILLIS);
        }
        return true;
    }

    private static String screenOf(Vm vm) {
        return vm.screen()
                .map(s -> s.text().stream().map(String::stripTrailing))
                .map(lines -> lines.collect(Collectors.joining("\n")))
                .orElse("");
    }

    private static Pattern pattern(String regex) throws VmException {
        try {
            return Pattern.compile(regex, Pattern.MULTILINE);
        } catch (PatternSyntaxException e) {
            throw new VmException(
                    "'%s' is no regular expression: %s".formatted(regex, e.getDescription()), e);
        }
    }

    private static VmState stateOf(String text) throws VmException {
        return Arrays.stream(VmState.values())
                .filter(s -> s.toString().equals(text))
                .findFirst()
                .orElseThrow(() ->
                        new VmException(
                                "no state '%s'; there are %s"
                                        .formatted(
                                                text,
                                                Arrays.stream(VmState.values())
                                                        .map(VmState::toString)
                                                        .collect(Collectors.joining(", ")))));
    }

    /** What the serial console said lately: as much as the console itself keeps. */
    private static final class SerialText implements AutoCloseable {
        private static final int LIMIT = 64 * 1024;
        private final StringBuilder text = new StringBuilder();
        private final Subscription subscription;

        SerialText(Vm.SerialConsole console, boolean withPast) {
            synchronized (text) { // what comes while the past is read goes behind it
                subscription = new Subscription(console.listen(this::add));
                if (withPast) {
                    add(console.recent());
                }
            }
        }

        private void add(byte[] bytes) {
            synchronized (text) {
                text.append(new String(bytes, StandardCharsets.ISO_8859_1));
                text.delete(0, Math.max(0, text.length() - LIMIT));
            }
        }

        @Override
        public String toString() {
            synchronized (text) {
                return text.toString();
            }
        }

        @Override
        public void close() {
            subscription.close();
        }
    }
}
