package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.vm.VmState;

class PowerCommandsTest {
    private final TestShell shell = new TestShell();

    @AfterEach
    void close() {
        shell.close();
    }

    @ParameterizedTest
    @CsvSource({
        "vm:start,    OFF,     RUNNING",
        "vm:shutdown, RUNNING, OFF",
        "vm:stop,     PAUSED,  OFF",
        "vm:pause,    RUNNING, PAUSED",
        "vm:resume,   PAUSED,  RUNNING",
        "vm:reset,    PAUSED,  RUNNING",
    })
    void movesEachNamedVm(String command, VmState from, VmState to) throws Exception {
        FakeVm a = shell.vms.add("a");
        FakeVm b = shell.vms.add("b");
        FakeVm other = shell.vms.add("other");
        a.state = from;
        b.state = from;
        other.state = from;

        assertThat(shell.run(command + " a b")).isEmpty();

        assertThat(a.state).isEqualTo(to);
        assertThat(b.state).isEqualTo(to);
        assertThat(other.state).isEqualTo(from);
    }

    @ParameterizedTest
    @CsvSource({
        "vm:start,    crashed off",
        "vm:shutdown, running",
        "vm:stop,     paused running",
        "vm:pause,    running",
        "vm:resume,   paused",
        "vm:reset,    paused running",
        "vm:delete,   crashed off",
        "vm:info,     crashed off paused running",
        "vm:console,  paused running",
        "vm:type,     running",
    })
    void completesNamesByLegalState(String command, String offered) {
        for (VmState state : VmState.values()) {
            shell.vms.add(state.toString()).state = state;
        }

        assertThat(shell.complete(command + " "))
                .contains(offered.split(" "))
                .filteredOn(word -> !word.startsWith("-"))
                .containsExactlyInAnyOrder(offered.split(" "));
    }

    @Test
    void deleteForgets() throws Exception {
        shell.vms.add("a");

        shell.run("vm:delete a");

        assertThat(shell.vms.vms).isEmpty();
    }

    @Test
    void aWrongNameSaysWhatExists() {
        shell.vms.add("web");
        shell.vms.add("db");

        assertThat(shell.error("vm:stop wbe")).isEqualTo("no VM 'wbe'; there are db, web");
    }

    @Test
    void aWrongNameSaysThatThereAreNone() {
        assertThat(shell.error("vm:delete a")).isEqualTo("no VM 'a'; there are none");
    }

    @Test
    void passesOnWhyItCannotBe() {
        shell.vms.add("a");

        assertThat(shell.error("vm:resume a")).isEqualTo("VM 'a' is off");
    }

    @Test
    void showsAndMovesEngineAndMmu() throws Exception {
        FakeVm vm = shell.vms.add("a");

        assertThat(shell.run("vm:engine a")).isEqualToIgnoringNewLines("interpreter");
        assertThat(shell.run("vm:engine a auto")).isEqualToIgnoringNewLines("auto");
        assertThat(shell.error("vm:engine a warp"))
                .isEqualTo("no engine 'warp'; there are interpreter");
        assertThat(shell.run("vm:mmu a shadow")).isEqualToIgnoringNewLines("shadow");
        assertThat(vm.mmu).isEqualTo("shadow");
    }

    @Test
    void offersOnlyEnginesThatThisHostSupports() {
        shell.vms.add("a");

        assertThat(shell.complete("vm:engine a ")).containsExactlyInAnyOrder("auto", "interpreter");
    }
}
