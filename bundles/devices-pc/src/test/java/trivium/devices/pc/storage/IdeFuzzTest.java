package trivium.devices.pc.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import trivium.device.BlockBackend.Media;
import trivium.devices.pc.FakePlatform;

/** Seeded random accesses to every register, weighted so that commands get somewhere. */
class IdeFuzzTest {
    private static final int[] CODES = {
        0x20, 0x24, 0x25, 0x30, 0x35, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xec, 0xef, 0xa0, 0xa0, 0xa1,
        0x08, 0x90, 0x91, 0xf8, 0x27, 0x40
    };
    private static final int[] PACKETS = {
        0x00, 0x03, 0x12, 0x1a, 0x5a, 0x1e, 0x25, 0x28, 0xa8, 0x2b, 0x42, 0x43, 0x46, 0x4a, 0x51,
        0x52, 0xbb, 0xbd, 0xbe
    };

    @Test
    void survivesRandomAccesses() {
        for (int seed = 0; seed < 8; seed++) {
            run(new Random(seed));
        }
    }

    private void run(Random random) {
        var pc = new FakePlatform(1 << 20);
        pc.drives.put("ide0", new RamImage(Media.DISK, 64 * 512));
        pc.drives.put("ide1", new RamImage(Media.CDROM, 100 * 2048));
        pc.drives.put("ide2", new RamImage(Media.CDROM, 50 * 2048));
        var host = new IdeHost(pc);
        random.nextBytes(pc.memory().ram);
        for (int i = 0; i < 30_000; i++) {
            int base = random.nextInt(8) == 0 ? 0x170 : 0x1f0;
            switch (random.nextInt(8)) {
                case 0 -> pc.out(base + 7, CODES[random.nextInt(CODES.length)]);
                case 1 -> pc.out(base + random.nextInt(8), random.nextInt(256));
                case 2 -> pc.in(base, 1 << random.nextInt(3));
                case 3 -> packet(pc, base, random);
                case 4 -> pc.out(base + 1 + random.nextInt(6), random.nextInt(4));
                case 5 -> pc.out(0xc040 + random.nextInt(16), random.nextInt(256));
                case 6 -> pc.in(base + random.nextInt(8), 1);
                default -> pc.out(base ^ 0x206, random.nextInt(50) == 0 ? 4 : 0);
            }
            if (i % 5000 == 0) {
                host.ide.restore(host.ide.save());
            }
        }
        host.ide.reset();
        assertThat(pc.in(0x1f7)).isEqualTo(0x50);
    }

    private static void packet(FakePlatform pc, int base, Random random) {
        int first = PACKETS[random.nextInt(PACKETS.length)];
        for (int i = 0; i < 6; i++) {
            pc.out(base, 2, i == 0 ? first | random.nextInt(4) << 8 : random.nextInt() & 0x3f);
        }
    }
}
