package trivium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.cpu.CpuModel;
import trivium.cpu.Vcpu;
import trivium.device.BlockBackend;
import trivium.device.PowerControl;
import trivium.device.SerialBackend;
import trivium.machine.board.Backends;
import trivium.machine.board.Board;
import trivium.machine.life.Catalog;
import trivium.machine.life.PcModel;
import trivium.vm.VmConfig;

/**
 * A hostile guest on the whole board: random accesses to every port, MMIO window and PCI register.
 */
@Timeout(120)
class BoardFuzzTest {
    private static final int ACCESSES = 200_000;
    private static final int[] SIZES = {1, 2, 4};
    private static final long[] WINDOWS = {
        0xa_0000,
        0xc_0000,
        0xf_0000,
        0xfec0_0000L,
        0xfed0_0000L,
        0xfee0_0000L,
        0xff00_0000L,
        0xfd00_0000L,
        0xfebf_0000L,
        0x8000_0000L,
        0xffff_0000L,
        0x1_0000_0000L
    };
    private final AtomicReference<Throwable> timerFailure = new AtomicReference<>();

    private static final class Nothing implements Backends, PowerControl {
        @Override
        public Optional<SerialBackend> serial(int port) {
            return Optional.empty();
        }

        @Override
        public Optional<BlockBackend> drive(String slot) {
            return slot.equals("virtio0") ? Optional.empty() : Optional.of(new Disk());
        }

        @Override
        public Optional<String> property(String key) {
            return Optional.empty();
        }

        @Override
        public Optional<byte[]> firmware(String role) {
            return Optional.of(new byte[65536]);
        }

        @Override
        public void powerOff(String by) {}

        @Override
        public void reset(String by) {}

        @Override
        public void debugExit(int value) {}
    }

    /** One megabyte of zeros. */
    private static final class Disk implements BlockBackend {
        @Override
        public Media media() {
            return Media.DISK;
        }

        @Override
        public long sizeBytes() {
            return 1 << 20;
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public void read(long offset, byte[] into, int at, int length) {
            assertThat(offset).isBetween(0L, sizeBytes() - length);
        }

        @Override
        public void write(long offset, byte[] from, int at, int length) {
            assertThat(offset).isBetween(0L, sizeBytes() - length);
        }

        @Override
        public void flush() {}

        @Override
        public int mediaGeneration() {
            return 0;
        }

        @Override
        public void eject() {}
    }

    private Board board() throws Exception {
        var boot =
                new VmConfig.Boot(
                        Optional.empty(), Optional.empty(), Optional.empty(), "", List.of(), "");
        var config =
                new VmConfig(
                        "fuzz",
                        "auto",
                        "auto",
                        CpuModel.X86_64,
                        2,
                        16,
                        List.of(new VmConfig.DeviceSpec("test-device", Map.of())),
                        boot,
                        "none",
                        true,
                        Map.of(),
                        Optional.empty(),
                        false,
                        false);
        Nothing nothing = new Nothing();
        Board board = new Board(config, nothing, nothing, timerFailure::set);
        Catalog catalog = Wiring.catalog();
        for (VmConfig.DeviceSpec device : PcModel.devices(config)) {
            board.plug(catalog.device(device.model()), device.options());
        }
        board.connect();
        board.resetDevices();
        board.clock().run();
        board.timers().resume();
        return board;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void nothingAGuestDoesThrowsOrHangs(long seed) throws Exception {
        Random random = new Random(seed);
        try (Board board = board()) {
            for (int i = 0; i < ACCESSES; i++) {
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> port(board, random);
                    case 3, 4 -> pci(board, random);
                    case 5, 6 -> mmio(board, random);
                    default -> interrupt(board, random);
                }
            }
            board.resetDevices();
            assertThat(board.models()).contains("pic", "ide", "vga");
        }
        assertThat(timerFailure.get()).isNull();
    }

    /** Mostly the ports where a PC has something. */
    private static void port(Board board, Random random) {
        int port = random.nextInt(4) == 0 ? random.nextInt(0x10000) : random.nextInt(0x700);
        int size = SIZES[random.nextInt(3)];
        if (random.nextBoolean()) {
            board.ports().in(port, size);
        } else {
            board.ports().out(port, size, random.nextInt() >>> random.nextInt(32));
        }
    }

    private static void pci(Board board, Random random) {
        int address = random.nextInt(5) << 11 | random.nextInt(4) << 8 | random.nextInt(64) << 2;
        board.ports().out(0xcf8, 4, 0x8000_0000 | address);
        int size = SIZES[random.nextInt(3)];
        int port = 0xcfc + random.nextInt(4 / size) * size;
        if (random.nextBoolean()) {
            board.ports().in(port, size);
        } else {
            board.ports().out(port, size, random.nextInt());
        }
    }

    private static void mmio(Board board, Random random) {
        int size = 1 << random.nextInt(4);
        long gpa = WINDOWS[random.nextInt(WINDOWS.length)] + random.nextInt(0x1000 - 8);
        if (random.nextBoolean()) {
            board.memory().read(gpa, size);
        } else {
            board.memory().write(gpa, size, random.nextLong() >>> random.nextInt(64));
        }
    }

    private static void interrupt(Board board, Random random) {
        var vcpu = board.vcpus().get(random.nextInt(2));
        if ((vcpu.pending() & Vcpu.INTR) != 0) {
            assertThat(vcpu.acknowledgeInterrupt()).isBetween(-1, 255);
        }
        vcpu.take(Vcpu.INIT);
        vcpu.take(Vcpu.SIPI);
        vcpu.take(Vcpu.NMI);
    }
}
