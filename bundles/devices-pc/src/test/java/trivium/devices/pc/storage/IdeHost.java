package trivium.devices.pc.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Map;
import trivium.device.DeviceOptions;
import trivium.devices.pc.FakePlatform;
import trivium.vm.VmException;

/** An IDE controller on a fake board, and a driver for its primary channel. */
final class IdeHost {
    static final int BASE = 0x1f0, CONTROL = 0x3f6, BUS_MASTER = 0xc040;
    static final int ERR = 1, DRQ = 8, DRDY = 0x40;

    final FakePlatform pc;
    final Ide ide;

    IdeHost(FakePlatform pc) {
        this.pc = pc;
        try {
            ide = new Ide.Factory().create(pc, new DeviceOptions("ide", Map.of()));
        } catch (VmException e) {
            throw new AssertionError(e);
        }
        ide.reset();
        pc.writeConfig(1, 1, 0x20, 4, BUS_MASTER);
        pc.writeConfig(1, 1, 4, 2, 5);
    }

    static IdeHost with(String slot, RamImage image) {
        var pc = new FakePlatform(8 << 20);
        pc.drives.put(slot, image);
        return new IdeHost(pc);
    }

    void out(int register, int value) {
        pc.out(BASE + register, value & 0xff);
    }

    int in(int register) {
        return pc.in(BASE + register);
    }

    void select(int drive) {
        out(6, 0xe0 | drive << 4);
    }

    void lba28(long lba, int count) {
        out(2, count);
        out(3, (int) lba);
        out(4, (int) (lba >> 8));
        out(5, (int) (lba >> 16));
        out(6, in(6) & 0x10 | 0xe0 | (int) (lba >> 24) & 0xf);
    }

    void lba48(long lba, int count) {
        out(2, count >> 8);
        out(3, (int) (lba >> 24));
        out(4, (int) (lba >> 32));
        out(5, (int) (lba >> 40));
        lba28(lba & 0xff_ffff, count);
    }

    /** Issues a command; tells whether it interrupted at once. */
    boolean command(int code) {
        int before = pc.irqEdges[14];
        out(7, code);
        return pc.irqEdges[14] > before;
    }

    /** Reads what a PIO command offers, block by block, each with its interrupt. */
    byte[] readBlocks(int blockBytes) {
        var all = new ByteArrayOutputStream();
        while ((pc.in(CONTROL) & DRQ) != 0) {
            assertThat(pc.irq[14]).isTrue();
            assertThat(in(7) & ERR).isZero();
            assertThat(pc.irq[14]).isFalse();
            for (int i = 0; i < blockBytes; i += 2) {
                int word = pc.in(BASE, 2);
                all.write(word);
                all.write(word >> 8);
            }
        }
        return all.toByteArray();
    }

    void writeWords(byte[] bytes, int from, int length) {
        for (int i = from; i < from + length; i += 4) {
            pc.out(
                    BASE,
                    4,
                    bytes[i] & 0xff
                            | (bytes[i + 1] & 0xff) << 8
                            | (bytes[i + 2] & 0xff) << 16
                            | bytes[i + 3] << 24);
        }
    }

    /** Puts a descriptor table at 1000h: pairs of address and size. */
    void table(int... regions) {
        for (int i = 0; i < regions.length; i += 2) {
            pc.memory().write(0x1000 + i * 4L, 4, regions[i]);
            int last = i + 2 == regions.length ? 1 << 31 : 0;
            pc.memory().write(0x1004 + i * 4L, 4, regions[i + 1] & 0xffff | last);
        }
        pc.out(BUS_MASTER + 4, 4, 0x1000);
    }

    void startDma(boolean toMemory) {
        pc.out(BUS_MASTER + 2, 6);
        pc.out(BUS_MASTER, toMemory ? 9 : 1);
    }

    int dmaStatus() {
        return pc.in(BUS_MASTER + 2);
    }

    byte[] memory(int at, int length) {
        byte[] bytes = new byte[length];
        pc.memory().read(at, bytes, 0, length);
        return bytes;
    }
}
