package trivium.guests.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import trivium.cpu.CpuModel;
import trivium.vm.Vm.Outcome;

/** How the guest ends; each on a PC of its own, of different kinds. */
class DemoGuestEndsTest {
    private static final Outcome OFF = new Outcome.PoweredOff("ACPI S5");
    @TempDir private Path folder;

    @Test
    void theCommandOffPowersOffA386WithoutCpuid() throws Exception {
        try (DemoPc pc = DemoPc.boot(folder, CpuModel.I386, 1, 4)) {
            assertThat(pc.serial())
                    .contains("cpu: an 80386 or 80486 without CPUID\r\n")
                    .contains("memory: 4 MiB\r\n")
                    .contains("engine: interpreter\r\n");
            pc.send("off\r");
            assertThat(pc.outcome()).isEqualTo(OFF);
            assertThat(pc.serial()).contains("powering off: the command off\r\n");
        }
    }

    @Test
    void f10PowersOff() throws Exception {
        try (DemoPc pc = DemoPc.boot(folder, CpuModel.PENTIUM3, 1, 16)) {
            assertThat(pc.serial()).contains("simd: mmx fxsr sse \r\n");
            pc.chord("f10");
            assertThat(pc.outcome()).isEqualTo(OFF);
            assertThat(pc.serial()).contains("powering off: F10\r\n");
        }
    }

    @Test
    void thePowerButtonPowersOff() throws Exception {
        try (DemoPc pc = DemoPc.boot(folder, CpuModel.X86_64, 1, 16)) {
            pc.vm.shutdown();
            assertThat(pc.outcome()).isEqualTo(OFF);
            assertThat(pc.serial()).contains("powering off: the power button\r\n");
        }
    }

    @Test
    void rebootStartsItAgain() throws Exception {
        try (DemoPc pc = DemoPc.boot(folder, CpuModel.X86_64, 1, 16)) {
            int from = pc.serial().length();
            pc.send("reboot\n");
            pc.await(
                    "a second start",
                    () -> pc.serial().substring(from).contains("Trivium demonstration guest"));
            pc.await("the prompt", () -> pc.serial().endsWith(Commands.PROMPT));
        }
    }
}
