package trivium.console;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import trivium.input.KeyboardSink;
import trivium.input.UsKeyboard;
import trivium.vm.Vm;
import trivium.vm.VmException;

/** Key strokes on their way to a guest. */
final class Typing {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private Typing() {}

    /** Makes an unknown key or character the operator's error. */
    static List<byte[]> keys(Supplier<List<byte[]>> source) throws VmException {
        try {
            return source.get();
        } catch (IllegalArgumentException e) {
            throw new VmException(e.getMessage(), e);
        }
    }

    /** Types as fast as the guest takes it. */
    static void send(Vm vm, List<byte[]> strokes) throws VmException, InterruptedException {
        KeyboardSink keyboard =
                vm.keyboard()
                        .orElseThrow(() ->
                                new VmException(
                                        "VM '%s' is %s: no keyboard to type on"
                                                .formatted(vm.id(), vm.state())));
        int sent = UsKeyboard.send(keyboard, strokes, PATIENCE);
        if (sent < strokes.size()) {
            throw new VmException(
                    "VM '%s' stopped reading its keyboard: %d of %d strokes were taken"
                            .formatted(vm.id(), sent, strokes.size()));
        }
    }

    /** Turns \n, \t, \e (Escape) and \\ into what they mean; other backslashes stay. */
    static String unescape(String text) {
        var plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int known =
                    c == '\\' && i + 1 < text.length() ? "nte\\".indexOf(text.charAt(i + 1)) : -1;
            if (known >= 0) {
                plain.append("\n\t\u001b\\".charAt(known));
                i++;
            } else {
                plain.append(c);
            }
        }
        return plain.toString();
    }
}
