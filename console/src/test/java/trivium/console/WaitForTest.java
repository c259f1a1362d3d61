package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import trivium.vm.VmState;

class WaitForTest {
    private final TestShell shell = new TestShell();
    private final FakeVm vm = shell.vms.add("a").running();

    @AfterEach
    void close() {
        shell.close();
    }

    private static void soon(Runnable action) {
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        Thread.sleep(100);
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    action.run();
                });
    }

    @Test
    void findsWhatTheGuestSaidBefore() throws Exception {
        vm.say("boot\r\nlogin: ");

        shell.run("vm:wait-for --serial ^login: --timeout 5 a");

        assertThat(vm.listeners).isEmpty();
    }

    @Test
    void findsTextSplitOverWrites() throws Exception {
        soon(() -> {
            vm.say("log");
            vm.say("in: ");
        });

        shell.run("vm:wait-for --serial login: --timeout 5 a");
    }

    @Test
    void ignoresThePastIfAsked() {
        vm.say("login: ");

        assertThat(shell.error("vm:wait-for --new --serial login: --timeout 0.1 a"))
                .isEqualTo("VM 'a': no /login:/ on the serial console within 0.1 s; it is running");
    }

    @Test
    void waitsForTheScreenAndTheState() throws Exception {
        soon(() -> {
            vm.text = List.of("Power down.     ", "");
            vm.state = VmState.OFF;
            vm.state = VmState.PAUSED; // a screen is there only while it is on
        });

        shell.run("vm:wait-for --screen 'down\\.$' --state paused --timeout 5 a");
    }

    @Test
    void namesWhatDidNotCome() {
        vm.text = List.of("ok");

        assertThat(shell.error("vm:wait-for --screen ok --state off --timeout 0.1 a"))
                .isEqualTo("VM 'a': no state off within 0.1 s; it is running");
    }

    @Test
    void refusesNonsense() {
        assertThat(shell.error("vm:wait-for a"))
                .isEqualTo("say what to wait for: --screen, --serial or --state");
        assertThat(shell.error("vm:wait-for --screen '(' a"))
                .startsWith("'(' is no regular expression: ");
        assertThat(shell.error("vm:wait-for --state asleep a"))
                .isEqualTo("no state 'asleep'; there are off, running, paused, crashed");
    }
}
