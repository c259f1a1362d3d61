package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InputTest {
    private final TestShell shell = new TestShell();

    @AfterEach
    void close() {
        shell.close();
    }

    @Test
    void typesWordsAndEnter() throws Exception {
        FakeVm vm = shell.vms.add("a").running();

        shell.run("vm:type --enter a l s");

        assertThat(vm.scancodes) // l, space, s, Enter: each pressed and released
                .containsExactly(
                        (byte) 0x26,
                        (byte) 0xa6,
                        (byte) 0x39,
                        (byte) 0xb9,
                        (byte) 0x1f,
                        (byte) 0x9f,
                        (byte) 0x1c,
                        (byte) 0x9c);
    }

    @Test
    void unescapes() {
        assertThat(Typing.unescape("a\\n\\tb\\e\\\\n\\x\\")).isEqualTo("a\n\tb\u001b\\n\\x\\");
    }

    @Test
    void pressesCombinations() throws Exception {
        FakeVm vm = shell.vms.add("a").running();

        shell.run("vm:sendkey a ctrl-c f1");

        assertThat(vm.scancodes)
                .containsExactly(
                        (byte) 0x1d,
                        (byte) 0x2e,
                        (byte) 0xae,
                        (byte) 0x9d,
                        (byte) 0x3b,
                        (byte) 0xbb);
    }

    @Test
    void namesUnknownKeysAndCharacters() {
        shell.vms.add("a").running();

        assertThat(shell.error("vm:sendkey a hyper")).startsWith("unknown key 'hyper'; known are");
        assertThat(shell.error("vm:type a \u00fc"))
                .isEqualTo("no key on a US keyboard types U+00FC");
    }

    @Test
    void aVmThatIsOffHasNoKeyboard() {
        shell.vms.add("a");

        assertThat(shell.error("vm:type a x")).isEqualTo("VM 'a' is off: no keyboard to type on");
    }

    @Test
    void consoleSendsItsInputAndPrintsOutput() throws Exception {
        FakeVm vm = shell.vms.add("a").running();
        vm.say("~ # ");

        shell.withKeys("ls\n").run("vm:console a");

        assertThat(vm.sent.toString(java.nio.charset.StandardCharsets.UTF_8)).isEqualTo("ls\n");
        assertThat(vm.listeners).isEmpty();
        assertThat(shell.run("vm:console --tail a")).isEqualTo("~ # ");
    }
}
