package trivium.devices.pc.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PciConfigSpaceTest {
    private final List<Long> memory = new ArrayList<>();
    private final List<Long> io = new ArrayList<>();
    private final List<Long> rom = new ArrayList<>();
    private final PciConfigSpace pci =
            new PciConfigSpace(this, 0x1234, 0x1111, 0x030000, 2)
                    .memoryBar(0, 1 << 24, true, memory::add)
                    .ioBar(4, 16, io::add)
                    .romBar(0x10000, rom::add)
                    .interruptPin(0);

    @Test
    void identifiesItself() {
        assertThat(pci.readConfig(0, 4)).isEqualTo(0x11111234);
        assertThat(pci.readConfig(8, 4)).isEqualTo(0x03000002);
        assertThat(pci.readConfig(0x3d, 1)).isEqualTo(1);
        pci.writeConfig(0, 4, -1);
        assertThat(pci.readConfig(0, 4)).isEqualTo(0x11111234);
    }

    @Test
    void tellsBarSizes() {
        for (int register : new int[] {0x10, 0x14, 0x20, 0x30}) {
            pci.writeConfig(register, 4, -1);
        }
        assertThat(pci.readConfig(0x10, 4)).isEqualTo(0xff000008);
        assertThat(pci.readConfig(0x14, 4)).isZero();
        assertThat(pci.readConfig(0x20, 4)).isEqualTo(0xfffffff1);
        assertThat(pci.readConfig(0x30, 4)).isEqualTo(0xffff0001);
    }

    @Test
    void movesBarsOnlyWhileDecodingIsOn() {
        pci.writeConfig(0x10, 4, 0xfd000000);
        assertThat(memory).isEmpty();
        pci.writeConfig(4, 2, 3);
        assertThat(memory).containsExactly(0xfd000000L);
        pci.writeConfig(0x13, 1, 0xe0);
        pci.writeConfig(0x10, 4, -1);
        pci.writeConfig(0x20, 2, 0xc041);
        assertThat(memory).containsExactly(0xfd000000L, 0xe0000000L, -1L);
        assertThat(io).containsExactly(0xc040L);
        pci.writeConfig(4, 2, 0);
        assertThat(io).containsExactly(0xc040L, -1L);
    }

    @Test
    void decodesRomOnlyWhenEnabled() {
        pci.writeConfig(4, 2, 2);
        pci.writeConfig(0x30, 4, 0xfeb00000);
        pci.writeConfig(0x30, 4, 0xfeb00001);
        assertThat(rom).containsExactly(0xfeb00000L);
    }

    @Test
    void linksCapabilities() {
        int first = pci.capability(5, new byte[12], new byte[12]);
        int second = pci.capability(9, new byte[] {1, 2}, new byte[] {0, -1});
        assertThat(pci.readConfig(6, 2) & 0x10).isEqualTo(0x10);
        assertThat(pci.readConfig(0x34, 1)).isEqualTo(first);
        assertThat(pci.readConfig(first, 2)).isEqualTo(second << 8 | 5);
        pci.writeConfig(second, 4, -1);
        assertThat(pci.readConfig(second, 4)).isEqualTo(0xff010009);
    }

    @Test
    void restoresWhatItSaved() {
        pci.writeConfig(0x10, 4, 0xfd000000);
        pci.writeConfig(4, 2, 2);
        var state = pci.save();
        pci.reset();
        assertThat(memory).containsExactly(0xfd000000L, -1L);
        pci.restore(state);
        assertThat(memory).containsExactly(0xfd000000L, -1L, 0xfd000000L);
    }

    @Test
    void survivesRandomWrites() {
        var random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            int size = 1 << random.nextInt(3);
            int register = random.nextInt(256) & -size;
            pci.writeConfig(register, size, random.nextInt());
            pci.readConfig(register, size);
        }
        assertThat(pci.readConfig(0, 4)).isEqualTo(0x11111234);
    }
}
