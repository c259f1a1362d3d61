package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The serial console in a terminal, as ssh gives one: in memory, with a line discipline. */
@Timeout(30)
class ConsoleCommandTest {
    private final TestShell shell = new TestShell();
    private final FakeVm vm = shell.vms.add("a").running();
    private final PipedOutputStream keys = new PipedOutputStream();
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    private Terminal terminal;

    @BeforeEach
    void open() throws IOException {
        terminal =
                TerminalBuilder.builder()
                        .system(false)
                        .streams(new PipedInputStream(keys), shown)
                        .encoding(StandardCharsets.UTF_8)
                        .stdinEncoding(StandardCharsets.UTF_8)
                        .type("xterm")
                        .build();
        shell.on(terminal);
    }

    @AfterEach
    void close() throws IOException {
        terminal.close();
        shell.close();
    }

    private CompletableFuture<String> connect() {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return shell.run("vm:console a");
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    private void type(String text) throws IOException {
        keys.write(text.getBytes(StandardCharsets.UTF_8));
        keys.flush();
    }

    private void awaitShown(String text) throws InterruptedException {
        while (!shown.toString(StandardCharsets.UTF_8).contains(text)) {
            Thread.sleep(10);
        }
    }

    @Test
    void carriesBothWaysUntilTheEscapeKey() throws Exception {
        vm.say("login: ");
        Attributes before = terminal.getAttributes();

        CompletableFuture<String> command = connect();
        awaitShown("login: ");
        type("r\u00f6ot\r\u0003\u001b[A");
        while (vm.sent.size() < 10) {
            Thread.sleep(10);
        }
        vm.say("# ");
        awaitShown("# ");
        type("\u001d");
        command.get(10, TimeUnit.SECONDS);

        assertThat(vm.sent.toString(StandardCharsets.UTF_8)).isEqualTo("r\u00f6ot\r\u0003\u001b[A");
        assertThat(shown.toString(StandardCharsets.UTF_8))
                .startsWith("Connected to a; Ctrl-] leaves.");
        assertThat(terminal.getAttributes().getLocalFlags()).isEqualTo(before.getLocalFlags());
        assertThat(vm.listeners).isEmpty();
    }

    @Test
    void endsWhenTheTerminalGoes() throws Exception {
        CompletableFuture<String> command = connect();
        awaitShown("Connected");

        keys.close();

        command.get(10, TimeUnit.SECONDS);
        assertThat(vm.listeners).isEmpty();
    }

    @Test
    void aSlowTerminalDoesNotHoldUpTheGuest() throws Exception {
        var slow = new PipedOutputStream();
        var _ = new PipedInputStream(slow, 16); // nobody reads
        try (var copy = new SerialCopy(vm, 0, slow)) {
            for (int i = 0; i < 100_000; i++) {
                vm.say("0123456789abcdef");
            }
            assertThat(copy).isNotNull();
        }
        assertThat(vm.listeners).isEmpty();
    }
}
