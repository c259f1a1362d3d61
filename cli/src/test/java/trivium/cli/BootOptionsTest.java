package trivium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.CpuModel;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.DeviceSpec;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

class BootOptionsTest {
    private static VmConfig config(String line) throws VmException {
        return BootOptions.parse(List.of(line.split(" "))).config();
    }

    @Test
    void everyOptionHasItsPlace() throws VmException {
        var options =
                BootOptions.parse(
                        List.of(
                                ("--engine interpreter --mmu softtlb --cpu pentium3 --cpus 2 --memory=64"
                                                + " --device test-device --device e1000,mac=1:2,x=y"
                                                + " --kernel k --initrd i --append a --bios b --disk d1"
                                                + " --disk d2 --cdrom c --floppy f --serial file:s"
                                                + " --debug-exit --log-port 0x80=p --vnc h:1"
                                                + " --screenshot png --timeout 7 --stats")
                                        .split(" ")));
        VmConfig c = options.config();

        assertThat(c.engine()).isEqualTo("interpreter");
        assertThat(c.mmu()).isEqualTo("softtlb");
        assertThat(c.cpu()).isEqualTo(CpuModel.PENTIUM3);
        assertThat(c.cpus()).isEqualTo(2);
        assertThat(c.memoryMiB()).isEqualTo(64);
        assertThat(c.devices())
                .containsExactly(
                        new DeviceSpec("test-device", Map.of()),
                        new DeviceSpec("e1000", Map.of("mac", "1:2", "x", "y")));
        assertThat(c.boot().drives())
                .containsExactly(
                        new Drive("ide0", BlockKind.DISK, Path.of("d1"), false),
                        new Drive("ide1", BlockKind.DISK, Path.of("d2"), false),
                        new Drive("ide2", BlockKind.CDROM, Path.of("c"), true),
                        new Drive("floppy0", BlockKind.FLOPPY, Path.of("f"), false));
        assertThat(c.boot().kernel()).contains(Path.of("k"));
        assertThat(c.boot().initrd()).contains(Path.of("i"));
        assertThat(c.boot().bios()).contains(Path.of("b"));
        assertThat(c.boot().append()).isEqualTo("a");
        assertThat(c.serial()).isEqualTo("file:s");
        assertThat(c.debugExit()).isTrue();
        assertThat(c.logPorts()).isEqualTo(Map.of(0x80, Path.of("p")));
        assertThat(options.vnc).contains("h:1");
        assertThat(options.screenshot).contains(Path.of("png"));
        assertThat(options.timeoutSeconds).isEqualTo(7);
        assertThat(options.stats).isTrue();
    }

    @Test
    void aKernelsCommandLineMayHoldAnything() throws VmException {
        VmConfig c = BootOptions.parse(List.of("--append", "--a=b c", "--append=x=y")).config();

        assertThat(c.boot().append()).isEqualTo("x=y");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--disk | --disk needs a value",
                "--frobnicate | no option '--frobnicate'",
                "kernel | no option 'kernel'",
                "--memory lots | --memory lots is not a number from 1 to 1048576",
                "--memory 0 | is not a number from 1",
                "--cpus 17 | --cpus 17 is not a number from 1 to 16",
                "--cpu 8088 | no CPU model '8088'; there are 8086, 80286",
                "--serial com1 | --serial com1 is none of stdio, file:FILE, none",
                "--timeout -1 | --timeout -1 is not",
                "--log-port 80 | --log-port 80 is not PORT=FILE",
                "--log-port 0x10000=f | --log-port 0x10000 is not a number",
                "--device a,b | is not key=value",
                "--disk a --disk b --disk c --disk d --disk e | no room for e",
                "--floppy a --floppy b --floppy c | no room for c",
            })
    void wrongUsageIsOneClearSentence(String line, String why) {
        assertThatThrownBy(() -> config(line))
                .isInstanceOf(VmException.class)
                .hasMessageContaining(why);
    }
}
