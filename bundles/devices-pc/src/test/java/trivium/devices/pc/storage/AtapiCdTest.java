package trivium.devices.pc.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import trivium.device.BlockBackend.Media;

class AtapiCdTest {
    private final RamImage image = new RamImage(Media.CDROM, 200 * 2048);
    private final IdeHost host = IdeHost.with("ide1", image);

    AtapiCdTest() {
        host.select(1);
    }

    /** Sends a packet with a byte count limit; gives the data, or null on a check condition. */
    private byte[] packet(int limit, int... cdb) {
        send(limit, 0, cdb);
        var data = new ByteArrayOutputStream();
        while (true) {
            assertThat(host.pc.irq[14]).isTrue();
            int status = host.in(7);
            if ((status & 8) == 0) {
                assertThat(host.in(2) & 3).isEqualTo(3);
                return (status & 1) != 0 ? null : data.toByteArray();
            }
            assertThat(host.in(2) & 3).isEqualTo(2);
            int bytes = host.in(4) | host.in(5) << 8;
            assertThat(bytes).isBetween(1, limit);
            for (int i = 0; i < bytes; i += 2) {
                int word = host.pc.in(0x1f0, 2);
                data.write(word);
                if (i + 1 < bytes) {
                    data.write(word >> 8);
                }
            }
        }
    }

    private void send(int limit, int features, int... cdb) {
        host.out(1, features);
        host.out(4, limit);
        host.out(5, limit >> 8);
        assertThat(host.command(0xa0)).isFalse();
        assertThat(host.in(7) & 8).isEqualTo(8);
        assertThat(host.in(2) & 3).isEqualTo(1);
        for (int i = 0; i < 12; i += 2) {
            int low = i < cdb.length ? cdb[i] : 0;
            int high = i + 1 < cdb.length ? cdb[i + 1] : 0;
            host.pc.out(0x1f0, 2, low & 0xff | (high & 0xff) << 8);
        }
    }

    private int sense() {
        byte[] sense = packet(18, 3, 0, 0, 0, 18);
        return sense[2] << 16 | sense[12] << 8 | sense[13];
    }

    private byte[] sectors(int lba, int count) {
        return Arrays.copyOfRange(image.bytes, lba * 2048, (lba + count) * 2048);
    }

    @Test
    void showsThePacketSignature() {
        assertThat(host.in(4)).isEqualTo(0x14);
        assertThat(host.in(5)).isEqualTo(0xeb);
        host.command(0xec);
        assertThat(host.in(7) & 1).isEqualTo(1);
        assertThat(host.in(4)).isEqualTo(0x14);
        host.command(0xa1);
        byte[] id = host.readBlocks(512);
        assertThat(id[0] & 0xff | (id[1] & 0xff) << 8).isEqualTo(0x85c0);
    }

    @Test
    void readsWithinTheByteCountLimit() {
        for (int limit : new int[] {2048, 4096, 0xfffe, 1000}) {
            byte[] data = packet(limit, 0x28, 0, 0, 0, 0, 20, 0, 0, 40);
            assertThat(data).isEqualTo(sectors(20, 40));
        }
        assertThat(packet(2048, 0xa8, 0, 0, 0, 0, 199, 0, 0, 0, 1)).isEqualTo(sectors(199, 1));
    }

    @Test
    void readsByDma() {
        host.table(0x10000, 0, 0x20000, 0x4000);
        send(0, 1, 0x28, 0, 0, 0, 0, 100, 0, 0, 40);
        assertThat(host.pc.irq[14]).isFalse();
        host.startDma(true);
        assertThat(host.dmaStatus() & 7).isEqualTo(4);
        assertThat(host.in(7) & 9).isZero();
        assertThat(host.memory(0x10000, 40 * 2048)).isEqualTo(sectors(100, 40));
    }

    @Test
    void readsRawSectors() {
        byte[] data = packet(2352, 0xbe, 0, 0, 0, 0, 16, 0, 0, 2, 0xf8);
        assertThat(data).hasSize(2 * 2352);
        assertThat(Arrays.copyOfRange(data, 12, 16)).containsExactly(0, 2, 0x16, 1);
        assertThat(Arrays.copyOfRange(data, 2352 + 16, 2352 + 16 + 2048)).isEqualTo(sectors(17, 1));
    }

    @Test
    void tellsCapacityAndContents() {
        ByteBuffer capacity = ByteBuffer.wrap(packet(8, 0x25));
        assertThat(capacity.getInt()).isEqualTo(199);
        assertThat(capacity.getInt()).isEqualTo(2048);
        ByteBuffer toc = ByteBuffer.wrap(packet(0x100, 0x43, 0, 0, 0, 0, 0, 0, 0, 100));
        assertThat(toc.capacity()).isEqualTo(20);
        assertThat(toc.getShort(0)).isEqualTo((short) 18);
        assertThat(toc.get(14)).isEqualTo((byte) 0xaa);
        assertThat(toc.getInt(16)).isEqualTo(200);
        byte[] msf = packet(0x100, 0x43, 2, 0, 0, 0, 0, 0xaa, 0, 100);
        assertThat(Arrays.copyOfRange(msf, 8, 12)).containsExactly(0, 0, 4, 50);
        assertThat(packet(0x100, 0x43, 0, 1, 0, 0, 0, 0, 0, 100)).hasSize(12);
        assertThat(packet(0x100, 0x43, 0, 2, 0, 0, 0, 0, 0, 100)).hasSize(48);
    }

    @Test
    void describesItself() {
        assertThat(
                        new String(
                                packet(36, 0x12, 0, 0, 0, 36),
                                java.nio.charset.StandardCharsets.US_ASCII))
                .contains("TRIVIUM CD-ROM");
        assertThat(packet(64, 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 64)).hasSize(28);
        assertThat(packet(64, 0x1a, 0, 0x3f, 0, 64)).hasSize(32);
        assertThat(packet(64, 0x46, 0, 0, 0, 0, 0, 0, 0, 64)).hasSize(40);
        assertThat(packet(64, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 64)).hasSize(8);
        assertThat(packet(64, 0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 64)).hasSize(8);
        assertThat(packet(64, 0x51, 0, 0, 0, 0, 0, 0, 0, 64)).hasSize(34);
        assertThat(packet(64, 0x42, 0, 0x40, 1, 0, 0, 0, 0, 64)).hasSize(16);
    }

    @Test
    void refusesWhatItCannot() {
        assertThat(packet(64, 0xff)).isNull();
        assertThat(sense()).isEqualTo(0x52000);
        assertThat(packet(64, 0x28, 0, 0, 0, 0, 200, 0, 0, 1)).isNull();
        assertThat(sense()).isEqualTo(0x52100);
        assertThat(sense()).isZero();
        image.broken = true;
        assertThat(packet(2048, 0x28, 0, 0, 0, 0, 0, 0, 0, 1)).isNull();
        assertThat(sense()).isEqualTo(0x31100);
    }

    @Test
    void noticesDiscsComingAndGoing() {
        assertThat(packet(8, 0x1e, 0, 0, 0, 1)).isEmpty();
        assertThat(packet(8, 0x1b, 0, 0, 0, 2)).isNull(); // locked
        assertThat(packet(8, 0x1e, 0, 0, 0, 0)).isEmpty();
        assertThat(packet(8, 0x1b, 0, 0, 0, 2)).isEmpty();
        assertThat(packet(8, 0)).isNull();
        assertThat(sense()).isEqualTo(0x23a00);
        image.bytes = new byte[4096];
        image.generation++;
        assertThat(packet(8, 0)).isNull();
        assertThat(sense()).isEqualTo(0x62800);
        assertThat(packet(8, 0)).isEmpty();
        assertThat(packet(64, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 64)[4]).isEqualTo((byte) 2);
    }

    @Test
    void wholeSessionSurvivesSaveAndRestore() {
        send(2048, 0, 0x28, 0, 0, 0, 0, 7, 0, 0, 2);
        host.ide.restore(host.ide.save());
        assertThat(host.pc.irq[14]).isTrue();
        assertThat(host.readBlocks(2048)).isEqualTo(sectors(7, 2));
    }
}
