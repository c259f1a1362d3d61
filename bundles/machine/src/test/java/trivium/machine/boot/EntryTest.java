package trivium.machine.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.cpu.VcpuState;
import trivium.machine.memory.GuestMemory;
import trivium.vm.VmException;

class EntryTest {
    private final VcpuState cpu = new VcpuState();
    private GuestMemory memory;

    @BeforeEach
    void powerOn() throws IOException {
        memory = new GuestMemory("test", 8 << 20);
    }

    @AfterEach
    void powerOff() {
        memory.close();
    }

    private String text(long gpa) {
        byte[] bytes = new byte[256];
        memory.read(gpa, bytes, 0, 256);
        String all = new String(bytes, StandardCharsets.UTF_8);
        return all.substring(0, all.indexOf('\0'));
    }

    @Test
    void multibootStateAndInformationAreAsSpecified() throws VmException {
        Multiboot kernel = (Multiboot) Kernel.parse("k", KernelTest.addressImage(0x400));
        byte[] initrd = {5, 6, 7};

        MultibootEntry.enter(memory, cpu, kernel, "sieve fib", "rd", initrd);

        long info = cpu.gpr[VcpuState.RBX];
        assertThat(cpu.gpr[VcpuState.RAX]).isEqualTo(0x2bad_b002L);
        assertThat(cpu.rip).isEqualTo(0x10_0040);
        assertThat(cpu.cr0 & 0x8000_0001L).isEqualTo(1);
        assertThat(cpu.segments[VcpuState.CS].limit).isEqualTo(0xffff_ffffL);
        assertThat(memory.read(info, 4) & 0x4d).isEqualTo(0x4d); // memory, line, modules, map
        assertThat(memory.read(info + 8, 4)).isEqualTo(7 * 1024);
        assertThat(text(memory.read(info + 16, 4))).isEqualTo("k sieve fib");
        long module = memory.read(info + 24, 4);
        long start = memory.read(module, 4);
        assertThat(memory.read(module + 4, 4)).isEqualTo(start + 3);
        assertThat(memory.read(start, 2)).isEqualTo(0x0605);
        assertThat(start).isGreaterThanOrEqualTo(0x10_8000).matches(s -> s % 4096 == 0);
        assertThat(text(memory.read(module + 8, 4))).isEqualTo("rd");
        assertThat(memory.read(memory.read(info + 48, 4) + 2 * 24 + 4, 8)).isEqualTo(0x10_0000);
    }

    @Test
    void uninitialisedDataIsZeroEvenAfterAReset() throws VmException {
        Multiboot kernel = (Multiboot) Kernel.parse("k", KernelTest.addressImage(0x400));
        memory.write(0x10_7fff, 1, 0xee);

        MultibootEntry.enter(memory, cpu, kernel, "", "", new byte[0]);

        assertThat(memory.read(0x10_7fff, 1)).isZero();
    }

    @Test
    void kernelsThatDoNotFitAreRefused() {
        var part = new Multiboot.Part(0x70_0000, new byte[16], 0x20_0000);
        var kernel = new Multiboot("k", 0, List.of(part));

        assertThatThrownBy(() -> MultibootEntry.enter(memory, cpu, kernel, "", "", new byte[0]))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("0x700000 to 0x900000")
                .hasMessageContaining("8 MiB");
    }

    @Test
    void linuxGetsItsZeroPageAndFlatSegments() throws VmException {
        BzImage linux = (BzImage) Kernel.parse("k", KernelTest.linux());

        LinuxEntry.enter(memory, cpu, linux, "quiet", 0x60_0000, new byte[] {1, 2});

        long params = cpu.gpr[VcpuState.RSI];
        assertThat(cpu.rip).isEqualTo(0x10_0000);
        assertThat(memory.read(0x10_0000, 1)).isEqualTo(0x90);
        assertThat(memory.read(0x60_0000, 2)).isEqualTo(0x0201);
        assertThat(text(memory.read(params + 0x228, 4))).isEqualTo("quiet");
        assertThat(memory.read(params + 0x1e8, 1)).isEqualTo(4);
        assertThat(memory.read(params + 0x2d0 + 3 * 20, 8)).isEqualTo(0x10_0000);
        assertThat(memory.read(params + 0x2d0 + 3 * 20 + 8, 8)).isEqualTo(7 << 20);
        assertThat(memory.read(cpu.gdtrBase + 0x10, 8)).isEqualTo(0x00cf_9b00_0000_ffffL);
    }

    @Test
    void theOptionRomIsValidAndHoldsItsDescriptors() {
        byte[] rom =
                LinuxRom.build(
                        List.of(
                                new LinuxRom.Copy(0x18, 0x4000, 0x1_0000),
                                new LinuxRom.Copy(0x12, 0x123, 0x1234_5000L)),
                        0x1000);
        int sum = 0;
        for (byte b : rom) {
            sum += b;
        }
        int pnpSum = 0;
        for (int i = 0; i < 32; i++) {
            pnpSum += rom[0x20 + i];
        }

        assertThat(sum & 0xff).isZero();
        assertThat(pnpSum & 0xff).isZero();
        assertThat(rom.length).isEqualTo(rom[2] * 512);
        assertThat(new String(rom, 0x20, 4, StandardCharsets.US_ASCII)).isEqualTo("$PnP");
        int table = Little.u16(rom, 0x60 + 9);
        assertThat(java.util.HexFormat.of().formatHex(rom, table, table + 32))
                .isEqualTo("0018000a000040000000000000010000" + "0012000a000001230000000012345000");
    }
}
