package trivium.console;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Session;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Terminal;
import org.jline.utils.ClosedException;
import org.jline.utils.NonBlockingReader;
import trivium.vm.Vm;

@Service
@Command(
        scope = "vm",
        name = "console",
        description = "Connects the terminal to a VM's serial console; Ctrl-] leaves.",
        detailedDescription = "classpath:console.txt")
public final class ConsoleCommand extends VmCommand {
    private static final int ESCAPE = 0x1d; // Ctrl-]
    private static final int TAIL = 4096;
    private static final long POLL_MILLIS = 200;

    @Reference Session session;

    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.On.class)
    String name;

    @Option(name = "--tail", description = "Only print what the guest wrote last")
    boolean tail;

    @Override
    void run() throws Exception {
        Vm vm = vm(name);
        if (tail) {
            out.write(vm.console().recent());
            out.flush();
        } else if (session.getTerminal() instanceof Terminal terminal) {
            interactive(vm, terminal);
        } else {
            piped(vm);
        }
    }

    private void interactive(Vm vm, Terminal terminal) throws Exception {
        Attributes before = terminal.enterRawMode();
        try {
            Attributes raw = new Attributes(terminal.getAttributes());
            raw.setLocalFlag(LocalFlag.ISIG, false); // Ctrl-C is for the guest
            terminal.setAttributes(raw);
            terminal.writer().print("Connected to %s; Ctrl-] leaves.\r\n".formatted(vm.id()));
            terminal.flush();
            try (var _ = new SerialCopy(vm.console(), TAIL, terminal.output())) {
                typeUntilEscape(vm, terminal.reader());
            }
            terminal.writer().print("\r\n");
            terminal.flush();
        } finally {
            terminal.setAttributes(before);
        }
    }

    private static void typeUntilEscape(Vm vm, NonBlockingReader keys) throws IOException {
        while (!Thread.currentThread().isInterrupted()) {
            int key = read(keys);
            if (key == NonBlockingReader.EOF || key == ESCAPE) {
                return;
            }
            if (key >= 0) {
                vm.console().send(Character.toString(key).getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private static int read(NonBlockingReader keys) throws IOException {
        try {
            return keys.read(POLL_MILLIS);
        } catch (ClosedException _) {
            return NonBlockingReader.EOF; // the terminal went away, and its session with it
        }
    }

    /** Without a terminal, as in {@code ssh host vm:console a < keys}: until the input ends. */
    private void piped(Vm vm) throws Exception {
        InputStream keys = session.getKeyboard();
        byte[] buffer = new byte[1024];
        try (var _ = new SerialCopy(vm.console(), 0, out)) {
            for (int n = keys.read(buffer); n >= 0; n = keys.read(buffer)) {
                vm.console().send(Arrays.copyOf(buffer, n));
            }
        }
    }
}
