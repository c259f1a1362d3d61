package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import trivium.vm.VmState;

class MediaCommandTest {
    private final TestShell shell = new TestShell();

    @AfterEach
    void close() {
        shell.close();
    }

    private FakeVm vm() throws Exception {
        shell.run("vm:create --disk /hd --cdrom /a.iso --cdrom /b.iso --floppy /f --start box");
        return shell.vms.vms.getLast();
    }

    @Test
    void changesAndEjects() throws Exception {
        FakeVm vm = vm();

        assertThat(shell.run("vm:media box cdrom1 /c.iso")).isEqualTo("ide3: /c.iso\n");
        assertThat(shell.run("vm:media box floppy0 eject")).isEqualTo("floppy0: no medium\n");

        assertThat(vm.changed)
                .containsEntry("ide3", Optional.of(Path.of("/c.iso")))
                .containsEntry("floppy0", Optional.empty())
                .hasSize(2);
    }

    @Test
    void showsWhatIsInTheDrives() throws Exception {
        vm();
        shell.run("vm:media box ide2 eject");

        assertThat(shell.run("vm:media box").lines())
                .anyMatch(l -> l.matches("ide2 .*cdrom .*no medium *"))
                .anyMatch(l -> l.matches("ide0 .*disk .*/hd *"));
        assertThat(shell.run("vm:media --json box"))
                .contains("\"slot\": \"ide3\"")
                .contains("\"image\": \"/b.iso\"");
        assertThat(shell.run("vm:media box cdrom1")).isEqualTo("ide3: /b.iso\n");
    }

    @Test
    void completesDrivesAndEject() throws Exception {
        vm().state = VmState.RUNNING;

        assertThat(shell.complete("vm:media box ")).containsExactly("floppy0", "ide2", "ide3");
        assertThat(shell.complete("vm:media box ide2 ej")).contains("eject", "pom.xml");
    }
}
