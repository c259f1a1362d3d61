package trivium.devices.pc.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.device.BlockBackend.Media;
import trivium.devices.pc.FakePlatform;

class AtaDiskTest {
    private final RamImage image = new RamImage(Media.DISK, 4 << 20);
    private final IdeHost host = IdeHost.with("ide0", image);

    private byte[] sectors(long lba, int count) {
        return Arrays.copyOfRange(image.bytes, (int) lba * 512, (int) (lba + count) * 512);
    }

    @Test
    void showsTheSignatureOfADisk() {
        assertThat(host.in(1)).isEqualTo(1);
        assertThat(host.in(2)).isEqualTo(1);
        assertThat(host.in(3)).isEqualTo(1);
        assertThat(host.in(4)).isZero();
        assertThat(host.in(5)).isZero();
        assertThat(host.in(7)).isEqualTo(0x50);
    }

    @Test
    void identifiesItself() {
        assertThat(host.command(0xec)).isTrue();
        byte[] bytes = host.readBlocks(512);
        ByteBuffer id = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(bytes).hasSize(512);
        assertThat(id.getInt(120)).isEqualTo(8192);
        assertThat(id.getLong(200)).isEqualTo(8192);
        assertThat(id.getShort(2)).isEqualTo((short) (8192 / 16 / 63));
        assertThat(id.getShort(98) & 0x300).isEqualTo(0x300);
        byte[] model = Arrays.copyOfRange(bytes, 54, 94);
        assertThat(model[0]).isEqualTo((byte) 'R');
        assertThat(new String(model, StandardCharsets.US_ASCII)).startsWith("RTVIUI M");
        int sum = 0;
        for (byte b : bytes) {
            sum += b;
        }
        assertThat(sum & 0xff).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x20, 0x24, 0xc4, 0x29})
    void readsByPio(int code) {
        host.out(2, 8);
        host.command(0xc6); // eight sectors a block
        if (code == 0x20 || code == 0xc4) {
            host.lba28(100, 20);
        } else {
            host.lba48(100, 20);
        }
        assertThat(host.command(code)).isTrue();
        if (code == 0x20 || code == 0x24) {
            assertThat(host.readBlocks(512)).isEqualTo(sectors(100, 20));
        } else {
            byte[] first = new byte[16 * 512];
            for (int i = 0; i < first.length; i += 4) {
                ByteBuffer.wrap(first).putInt(i, Integer.reverseBytes(host.pc.in(0x1f0, 4)));
            }
            assertThat(first).isEqualTo(sectors(100, 16));
            assertThat(host.readBlocks(4 * 512)).isEqualTo(sectors(116, 4));
        }
        assertThat(host.in(7)).isEqualTo(0x50);
        assertThat(host.in(3)).isEqualTo(119);
    }

    @Test
    void readsTheSameSectorByChs() {
        host.out(6, 0xa0);
        host.out(2, 63);
        host.command(0x91); // 1 head
        host.out(6, 0xa0 | 15);
        host.out(2, 63);
        host.command(0x91); // 16 heads, 63 sectors
        host.out(2, 1);
        host.out(3, 5);
        host.out(4, 1);
        host.out(5, 0);
        host.out(6, 0xa0 | 2);
        host.command(0x20);
        assertThat(host.readBlocks(512)).isEqualTo(sectors((16 + 2) * 63 + 4, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x30, 0x34, 0xc5, 0x39})
    void writesByPio(int code) {
        byte[] data = new byte[12 * 512];
        Arrays.fill(data, (byte) code);
        host.lba48(50, 12);
        assertThat(host.command(code)).isFalse();
        int block = code == 0x30 || code == 0x34 ? 512 : 12 * 512;
        for (int at = 0; at < data.length; at += block) {
            assertThat(host.in(7) & IdeHost.DRQ).isNotZero();
            host.writeWords(data, at, block);
            assertThat(host.pc.irq[14]).isTrue();
        }
        assertThat(host.in(7)).isEqualTo(0x50);
        assertThat(sectors(50, 12)).isEqualTo(data);
    }

    @Test
    void readsByDmaInEitherOrder() {
        host.table(0x10000, 0x800, 0x20000, 0x400, 0x30000, 0x400);
        host.lba28(1000, 8);
        assertThat(host.command(0xc8)).isFalse();
        host.startDma(true);
        assertThat(host.dmaStatus() & 7).isEqualTo(4);
        assertThat(host.memory(0x10000, 0x800)).isEqualTo(sectors(1000, 4));
        assertThat(host.memory(0x20000, 0x400)).isEqualTo(sectors(1004, 2));
        assertThat(host.in(7)).isEqualTo(0x50);
        host.pc.out(IdeHost.BUS_MASTER, 0);
        host.table(0x40000, 0x200);
        host.startDma(true);
        assertThat(host.dmaStatus() & 7).isEqualTo(1);
        host.lba48(2000, 1);
        assertThat(host.command(0x25)).isTrue();
        assertThat(host.memory(0x40000, 512)).isEqualTo(sectors(2000, 1));
    }

    @Test
    void movesLargeTransfersByDma() {
        int[] regions = new int[64];
        for (int i = 0; i < 32; i++) {
            regions[2 * i] = 0x10_0000 + i * 0x10000;
            regions[2 * i + 1] = 0; // 64 KiB
        }
        host.table(regions);
        host.lba48(0, 4096);
        host.command(0x25);
        host.startDma(true);
        assertThat(host.memory(0x10_0000, 2 << 20)).isEqualTo(sectors(0, 4096));
        host.pc.out(IdeHost.BUS_MASTER, 0);
        host.lba48(4096, 4096);
        host.command(0x35);
        host.startDma(false);
        assertThat(sectors(4096, 4096)).isEqualTo(sectors(0, 4096));
        assertThat(host.dmaStatus() & 7).isEqualTo(4);
    }

    @Test
    void tellsShortTablesByItsStatusAlone() {
        host.table(0x10000, 0x200);
        host.lba28(0, 2);
        host.command(0xc8);
        host.startDma(true);
        assertThat(host.dmaStatus() & 7).isZero();
        assertThat(host.pc.irq[14]).isFalse();
    }

    @Test
    void endsTablesThatNeverEnd() {
        for (int i = 0; i < 8192; i++) {
            host.pc.memory().write(0x200000 + i * 8L, 4, 0x10000);
            host.pc.memory().write(0x200004 + i * 8L, 4, 2);
        }
        host.pc.out(IdeHost.BUS_MASTER + 4, 4, 0x200000);
        host.lba48(0, 8192);
        host.command(0x25);
        host.startDma(true);
        assertThat(host.dmaStatus() & 7).isZero();
    }

    @Test
    void refusesWhatIsNotThere() {
        host.lba28(8190, 3);
        host.command(0x20);
        assertThat(host.in(7) & 1).isEqualTo(1);
        assertThat(host.in(1)).isEqualTo(0x10);
        host.command(0xb0);
        assertThat(host.in(1)).isEqualTo(4);
        host.command(0xa1);
        assertThat(host.in(1)).isEqualTo(4);
        host.select(1);
        assertThat(host.in(7)).isZero();
    }

    @Test
    void reportsImageErrors() {
        image.broken = true;
        host.lba28(77, 1);
        host.command(0x20);
        assertThat(host.in(7) & 9).isEqualTo(1);
        assertThat(host.in(1)).isEqualTo(0x40);
        assertThat(host.in(3)).isEqualTo(77);
        host.command(0xe7);
        assertThat(host.in(1)).isEqualTo(4);
        host.table(0x10000, 0x200);
        host.command(0xca);
        host.startDma(false);
        assertThat(host.dmaStatus() & 2).isEqualTo(2);
    }

    @Test
    void refusesWritesToReadOnlyImages() {
        image.readOnly = true;
        host.lba28(0, 1);
        host.command(0x30);
        assertThat(host.in(7) & 9).isEqualTo(1);
        assertThat(host.in(1)).isEqualTo(4);
    }

    @Test
    void tellsItsSizeAndHighOrderBytes() {
        host.select(0);
        host.command(0x27);
        assertThat(host.in(3) | host.in(4) << 8).isEqualTo(8191);
        host.pc.out(IdeHost.CONTROL, 0x80);
        assertThat(host.in(3)).isZero();
    }

    @Test
    void resetsBySoftware() {
        host.lba28(5, 5);
        host.pc.out(IdeHost.CONTROL, 4);
        assertThat(host.pc.in(IdeHost.CONTROL)).isEqualTo(0x80);
        host.out(7, 0xec);
        host.pc.out(IdeHost.CONTROL, 0);
        showsTheSignatureOfADisk();
    }

    @Test
    void keepsQuietWhenInterruptsAreOff() {
        host.pc.out(IdeHost.CONTROL, 2);
        host.command(0xec);
        assertThat(host.pc.irq[14]).isFalse();
        host.pc.out(IdeHost.CONTROL, 0);
        assertThat(host.pc.irq[14]).isTrue();
    }

    @Test
    void goesOnWithATransferAfterRestore() {
        host.lba28(10, 2);
        host.command(0x20);
        for (int i = 0; i < 100; i++) {
            host.pc.in(0x1f0, 2);
        }
        Ide.State state = host.ide.save();
        var pc = new FakePlatform();
        pc.drives.put("ide0", image);
        var other = new IdeHost(pc);
        other.ide.restore(state);
        assertThat(pc.irq[14]).isTrue();
        for (int i = 100; i < 256; i++) {
            int at = 10 * 512 + 2 * i;
            assertThat(pc.in(0x1f0, 2))
                    .isEqualTo(image.bytes[at] & 0xff | (image.bytes[at + 1] & 0xff) << 8);
        }
        assertThat(other.readBlocks(512)).isEqualTo(sectors(11, 1));
        var empty = new IdeHost(new FakePlatform());
        assertThatThrownBy(() -> empty.ide.restore(state))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
