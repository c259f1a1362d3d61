package trivium.machine.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.vm.VmException;

class KernelTest {
    /** A Multiboot image with address fields: header at 16, loads at 0x100000. */
    static byte[] addressImage(int bytes) {
        byte[] b = new byte[bytes];
        header(b, 16, 1 << 16);
        Little.put32(b, 28, 0x10_0010); // header
        Little.put32(b, 32, 0x10_0000); // load
        Little.put32(b, 36, 0x10_0000 + bytes);
        Little.put32(b, 40, 0x10_8000); // bss end
        Little.put32(b, 44, 0x10_0040); // entry
        return b;
    }

    private static void header(byte[] b, int at, int flags) {
        Little.put32(b, at, 0x1bad_b002L);
        Little.put32(b, at + 4, flags);
        Little.put32(b, at + 8, -(0x1bad_b002L + flags));
    }

    /** An ELF32 with one segment: 256 bytes of file at 1 MiB, virtual address at 3 GiB. */
    private static byte[] elf() {
        byte[] b = new byte[512];
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 1, 1, 1}, 0, b, 0, 7);
        Little.put16(b, 16, 2);
        Little.put16(b, 18, 3);
        Little.put32(b, 24, 0xc010_0020L); // entry
        Little.put32(b, 28, 52);
        Little.put16(b, 42, 32);
        Little.put16(b, 44, 1);
        Little.put32(b, 52, 1);
        Little.put32(b, 56, 0x100); // file offset
        Little.put32(b, 60, 0xc010_0000L); // virtual
        Little.put32(b, 64, 0x10_0000); // physical
        Little.put32(b, 68, 0x100); // bytes in file
        Little.put32(b, 72, 0x1000); // bytes in memory
        header(b, 0x100, 3);
        return b;
    }

    /** A bzImage: five setup sectors, protocol 2.12, 4 KiB of payload. */
    static byte[] linux() {
        byte[] b = new byte[5 * 512 + 4096];
        b[0x1f1] = 4;
        Little.put32(b, 0x1f4, 4096 / 16);
        Little.put16(b, 0x1fe, 0xaa55);
        b[0x200] = (byte) 0xeb;
        b[0x201] = 0x66;
        Little.put32(b, 0x202, 0x5372_6448L);
        Little.put16(b, 0x206, 0x20c);
        b[0x211] = 1;
        Little.put32(b, 0x214, 0x10_0000);
        Little.put32(b, 0x22c, 0x7fff_ffffL);
        Little.put32(b, 0x238, 2047);
        Little.put32(b, 0x260, 0x20_0000);
        Arrays.fill(b, 5 * 512, b.length, (byte) 0x90);
        return b;
    }

    private static Kernel parse(byte[] image) throws VmException {
        return Kernel.parse("k", image);
    }

    @Test
    void addressFieldsTellWhatToLoad() throws VmException {
        Multiboot kernel = (Multiboot) parse(addressImage(0x400));

        assertThat(kernel.entry()).isEqualTo(0x10_0040);
        assertThat(kernel.end()).isEqualTo(0x10_8000);
        assertThat(kernel.parts().getFirst().gpa()).isEqualTo(0x10_0000);
        assertThat(kernel.parts().getFirst().bytes()).hasSize(0x400);
    }

    @Test
    void anElfFileIsLoadedAndEnteredAtItsPhysicalAddresses() throws VmException {
        Multiboot kernel = (Multiboot) parse(elf());

        assertThat(kernel.entry()).isEqualTo(0x10_0020);
        assertThat(kernel.end()).isEqualTo(0x10_1000);
        assertThat(kernel.parts().getFirst().bytes()).hasSize(0x100);
    }

    @ParameterizedTest
    @CsvSource({
        "36, 0x120000, is truncated", // load end beyond the file
        "32, 0x110000, load address", // load above header
        "32, 0x0ff000, load address", // begins before the file
        "20, 0x10010, asks for features 0x10",
    })
    void brokenAddressFieldsAreRefused(int at, String value, String why) {
        byte[] image = addressImage(0x400);
        Little.put32(image, at, Long.decode(value));
        Little.put32(image, 24, -(0x1bad_b002L + Little.u32(image, 20)));

        assertThatThrownBy(() -> parse(image))
                .isInstanceOf(VmException.class)
                .hasMessageContaining(why);
    }

    @ParameterizedTest
    @CsvSource({
        "18, 62, neither ELF32",
        "16, 3, no executable",
        "44, 65535, program header table",
        "28, 0x7fffffff, program header table",
        "68, 0x7fffff00, is truncated",
        "52, 6, nothing to load",
    })
    void brokenElfFilesAreRefused(int at, String value, String why) {
        byte[] image = elf();
        if (at == 18 || at == 16 || at == 44) {
            Little.put16(image, at, Integer.decode(value));
        } else {
            Little.put32(image, at, Long.decode(value));
        }

        assertThatThrownBy(() -> parse(image))
                .isInstanceOf(VmException.class)
                .hasMessageContaining(why);
    }

    @Test
    void aLinuxKernelIsSplitIntoSetupAndPayload() throws VmException {
        BzImage kernel = (BzImage) parse(linux());

        assertThat(kernel.setup()).hasSize(5 * 512);
        assertThat(kernel.payload()).hasSize(4096);
        assertThat(kernel.workingBytes()).isEqualTo(0x20_0000);
        byte[] setup = kernel.patchedSetup(0x2_0000, 0x60_0000, 77);
        assertThat(Little.u32(setup, 0x228)).isEqualTo(0x2_0000);
        assertThat(Little.u32(setup, 0x218)).isEqualTo(0x60_0000);
        assertThat(Little.u32(setup, 0x21c)).isEqualTo(77);
        assertThat(setup[0x210]).isEqualTo((byte) 0xff);
        assertThat(setup[0x211]).isEqualTo((byte) 0x81);
    }

    @Test
    void aTruncatedOrTooOldLinuxKernelIsRefused() {
        byte[] image = linux();
        assertThatThrownBy(() -> parse(Arrays.copyOf(image, 5000)))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("truncated: it has 5000 of 6656 bytes");
        Little.put16(image, 0x206, 0x201);
        assertThatThrownBy(() -> parse(image))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("2.01");
    }

    @Test
    void aCommandLineThatIsTooLongIsRefused() throws VmException {
        BzImage kernel = (BzImage) parse(linux());

        assertThat(kernel.commandLine("a b")).containsExactly('a', ' ', 'b', 0);
        assertThatThrownBy(() -> kernel.commandLine("x".repeat(2048)))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("2048");
    }

    @Test
    void garbageIsRefusedAndNothingButVmExceptionEscapes() {
        assertThatThrownBy(() -> parse(new byte[0])).isInstanceOf(VmException.class);
        assertThatThrownBy(() -> parse(new byte[100_000]))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("neither");
        Random random = new Random(1);
        byte[][] seeds = {addressImage(0x400), elf(), linux()};
        for (int i = 0; i < 30_000; i++) {
            byte[] image = seeds[i % 3].clone();
            for (int n = random.nextInt(8); n >= 0; n--) {
                image[random.nextInt(Math.min(image.length, 0x280))] = (byte) random.nextInt();
            }
            byte[] cut = Arrays.copyOf(image, random.nextInt(image.length + 1));
            try {
                parse(i % 2 == 0 ? image : cut);
            } catch (VmException e) {
                assertThat(e.getMessage()).contains("k ");
            }
        }
    }

    @Test
    void takesTheVideoModeFromTheCommandLine() {
        byte[] setup = new byte[0x240];
        BzImage.setVideoMode(setup, "quiet vga=0x317 console=tty0");
        assertThat(Little.u16(setup, 0x1fa)).isEqualTo(0x317);
        BzImage.setVideoMode(setup, "vga=788");
        assertThat(Little.u16(setup, 0x1fa)).isEqualTo(788);
        BzImage.setVideoMode(setup, "vga=normal");
        assertThat(Little.u16(setup, 0x1fa)).isEqualTo(0xffff);
        BzImage.setVideoMode(setup, "novga=1 vga=purple");
        assertThat(Little.u16(setup, 0x1fa)).isEqualTo(0xffff);
    }
}
