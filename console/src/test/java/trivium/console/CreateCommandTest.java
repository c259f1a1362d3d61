package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.CpuModel;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmState;

class CreateCommandTest {
    private final TestShell shell = new TestShell();

    @AfterEach
    void close() {
        shell.close();
    }

    private VmConfig created(String options) throws Exception {
        shell.run("vm:create " + options + " new");
        return shell.vms.vms.getLast().config;
    }

    @Test
    void hasDefaultsForAllButTheName() throws Exception {
        VmConfig config = created("");

        assertThat(config.name()).isEqualTo("new");
        assertThat(config.engine()).isEqualTo("auto");
        assertThat(config.mmu()).isEqualTo("auto");
        assertThat(config.cpu()).isEqualTo(CpuModel.X86_64);
        assertThat(config.memoryMiB()).isEqualTo(256);
        assertThat(config.serial()).isEqualTo("console");
        assertThat(config.vnc()).contains(":0");
        assertThat(config.boot().drives()).isEmpty();
        assertThat(shell.vms.vms.getLast().state).isEqualTo(VmState.OFF);
    }

    @Test
    void takesAllOptions() throws Exception {
        VmConfig config =
                created(
                        "--engine interpreter --mmu softtlb --cpu i386 --cpus 4 --memory 2G"
                                + " --kernel k --initrd i --append \"console=ttyS0 quiet\""
                                + " --bios b --boot-order cdrom,disk --serial file:s"
                                + " --vnc 0.0.0.0:5907 --debug-exit --log-port 0x402=l"
                                + " --icount --autostart --device hpet --page-sharing-group lab --start");

        assertThat(config.cpu()).isEqualTo(CpuModel.I386);
        assertThat(config.cpus()).isEqualTo(4);
        assertThat(config.memoryMiB()).isEqualTo(2048);
        Path here = Path.of("").toAbsolutePath();
        assertThat(config.boot())
                .isEqualTo(
                        new VmConfig.Boot(
                                Optional.of(here.resolve("b")),
                                Optional.of(here.resolve("k")),
                                Optional.of(here.resolve("i")),
                                "console=ttyS0 quiet",
                                List.of(),
                                "cdrom,disk"));
        assertThat(config.serial()).isEqualTo("file:s");
        assertThat(config.vnc()).contains("0.0.0.0:5907");
        assertThat(config.debugExit()).isTrue();
        assertThat(config.logPorts()).isEqualTo(Map.of(0x402, here.resolve("l")));
        assertThat(config.icount()).isTrue();
        assertThat(config.pageSharingGroup()).contains("lab");
        assertThat(config.autostart()).isTrue();
        assertThat(config.devices()).containsExactly(new VmConfig.DeviceSpec("hpet", Map.of()));
        assertThat(shell.vms.vms.getLast().state).isEqualTo(VmState.RUNNING);
    }

    @Test
    void givesDrivesTheirSlots() throws Exception {
        VmConfig config =
                created(
                        "--disk /a,slot=ide1 --disk /b --disk /c,ro --cdrom /d --floppy /e"
                                + " --floppy /f --vnc none");

        assertThat(config.boot().drives())
                .containsExactly(
                        new Drive("ide1", BlockKind.DISK, Path.of("/a"), false),
                        new Drive("ide0", BlockKind.DISK, Path.of("/b"), false),
                        new Drive("ide3", BlockKind.DISK, Path.of("/c"), true),
                        new Drive("ide2", BlockKind.CDROM, Path.of("/d"), true),
                        new Drive("floppy0", BlockKind.FLOPPY, Path.of("/e"), false),
                        new Drive("floppy1", BlockKind.FLOPPY, Path.of("/f"), false));
        assertThat(config.vnc()).isEmpty();
    }

    @Test
    void makesEmptyDrivesAndResetsOnTripleFaults() throws Exception {
        VmConfig config = created("--cdrom none --floppy none --on-triple-fault reset");

        assertThat(config.boot().drives())
                .containsExactly(
                        new Drive("ide2", BlockKind.CDROM, Path.of(""), true),
                        new Drive("floppy0", BlockKind.FLOPPY, Path.of(""), false));
        assertThat(config.resetOnTripleFault()).isTrue();
    }

    @Test
    void relativeNamesStartWhereTheUserStands() throws Exception {
        shell.with("TRIVIUM_DIRECTORY", "/home/of user");

        VmConfig config = created("--kernel k --disk ../d");

        assertThat(config.boot().kernel()).contains(Path.of("/home/of user/k"));
        assertThat(config.boot().drives().getFirst().image()).isEqualTo(Path.of("/home/d"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--cpu 8088 | no CPU model '8088'; there are 8086, 80286, i386, pentium3, x86-64",
                "--memory lots | 'lots' is no memory size; write MiB, or as in 2G",
                "--memory -5 | '-5' is no memory size; write MiB, or as in 2G",
                "--on-triple-fault die | --on-triple-fault die is neither stop nor reset",
                "--disk a,rw | unknown drive option 'rw' in 'a,rw'; there are ro and slot=NAME",
                "--device vga,vram | 'vram' in 'vga,vram' is not of the form NAME[,key=value]",
                "--log-port 402 | '402' in '402' is not of the form PORT=FILE",
                "--log-port x=f | 'x' is no port, as in 0x402=FILE",
                "--disk a --disk b,slot=ide0 | slot ide0 is taken; name slots in the first drives,"
                        + " or leave them all out",
                "--floppy a --floppy b --floppy c | no slot is free for 'c': floppy0, floppy1 are"
                        + " taken",
            })
    void explainsWhatIsWrong(String options, String message) {
        assertThat(shell.error("vm:create " + options + " new")).isEqualTo(message);
        assertThat(shell.vms.vms).isEmpty();
    }

    @Test
    void refusesANameThatIsTaken() throws Exception {
        created("");

        assertThat(shell.error("vm:create new")).isEqualTo("a VM 'new' exists already");
    }

    @Test
    void completesModels() {
        assertThat(shell.complete("vm:create --cpu ")).contains("8086", "pentium3", "x86-64");
        assertThat(shell.complete("vm:create --engine ")).containsExactly("auto", "interpreter");
        assertThat(shell.complete("vm:create --device v")).containsExactly("vga");
        assertThat(shell.complete("vm:create --vnc ")).containsExactly("auto", "none");
    }
}
