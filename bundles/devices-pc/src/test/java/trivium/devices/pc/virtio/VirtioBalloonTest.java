package trivium.devices.pc.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.device.Balloon;
import trivium.device.Device;
import trivium.device.DeviceOptions;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

/** The test is the driver. */
class VirtioBalloonTest {
    private static final int SLOT = 3, IO = 0xc000, INTA = SLOT * 4;
    private static final long BAR = 0xfe00_0000L, ISR = BAR + 0x1000, CONFIG = BAR + 0x2000;
    private static final long NOTIFY = BAR + 0x3000;
    private static final int ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8;
    private static final long DESCRIPTORS = 0x1_0000, AVAILABLE = 0x1_1000, USED = 0x1_2000;
    private static final long NUMBERS = 0x2_0000;
    private static final int SIZE = 128;

    private final FakePlatform pc = new FakePlatform(64 << 20);
    private Device device;
    private int available;

    @BeforeEach
    void plugged() throws Exception {
        device = balloon(pc);
        pc.writeConfig(SLOT, 0, 0x10, 4, IO);
        pc.writeConfig(SLOT, 0, 0x20, 4, (int) BAR);
        pc.writeConfig(SLOT, 0, 0x04, 2, 7);
    }

    private static Device balloon(FakePlatform pc) throws Exception {
        return new VirtioBalloon.Factory()
                .create(pc, new DeviceOptions("virtio-balloon", Map.of()));
    }

    private long read(long gpa, int size) {
        return pc.memory().read(gpa, size);
    }

    private void write(long gpa, int size, long value) {
        pc.memory().write(gpa, size, value);
    }

    private void startModern() {
        write(BAR + 0x14, 1, ACKNOWLEDGE | DRIVER);
        write(BAR + 0x08, 4, 1);
        write(BAR + 0x0c, 4, 1); // VERSION_1
        write(BAR + 0x14, 1, ACKNOWLEDGE | DRIVER | FEATURES_OK);
        assertThat(read(BAR + 0x14, 1)).isEqualTo(ACKNOWLEDGE | DRIVER | FEATURES_OK);
        write(BAR + 0x20, 4, DESCRIPTORS);
        write(BAR + 0x28, 4, AVAILABLE);
        write(BAR + 0x30, 8, USED);
        write(BAR + 0x1c, 2, 1);
        write(BAR + 0x14, 1, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    }

    /** Puts descriptor 0 with page numbers into queue 0. */
    private void offer(long ring, int... pages) {
        for (int i = 0; i < pages.length; i++) {
            write(NUMBERS + 4L * i, 4, pages[i]);
        }
        describe(0, NUMBERS, 4 * pages.length, 0, 0);
        makeAvailable(ring, 0);
    }

    private void describe(int descriptor, long gpa, int length, int flags, int next) {
        long at = DESCRIPTORS + 16L * descriptor;
        write(at, 8, gpa);
        write(at + 8, 4, length);
        write(at + 12, 2, flags);
        write(at + 14, 2, next);
    }

    private void makeAvailable(long ring, int head) {
        write(ring + 4 + 2L * (available % SIZE), 2, head);
        write(ring + 2, 2, ++available);
    }

    @Test
    void itsCapabilitiesTellWhereTheRegistersAre() {
        assertThat(pc.readConfig(SLOT, 0, 0, 4)).isEqualTo(0x1002_1af4);
        assertThat(pc.readConfig(SLOT, 0, 0x2e, 2)).isEqualTo(5);
        StringBuilder found = new StringBuilder();
        for (int at = pc.readConfig(SLOT, 0, 0x34, 1); at != 0; ) {
            assertThat(pc.readConfig(SLOT, 0, at, 1)).isEqualTo(9);
            found.append(
                    "%d:bar%d+%x,%x "
                            .formatted(
                                    pc.readConfig(SLOT, 0, at + 3, 1),
                                    pc.readConfig(SLOT, 0, at + 4, 1),
                                    pc.readConfig(SLOT, 0, at + 8, 4),
                                    pc.readConfig(SLOT, 0, at + 12, 4)));
            at = pc.readConfig(SLOT, 0, at + 1, 1);
        }
        assertThat(found.toString())
                .isEqualTo("1:bar4+0,38 3:bar4+1000,1 4:bar4+2000,8 2:bar4+3000,8 ");
    }

    @Test
    void itGivesPagesBackAndTellsTheDriver() {
        startModern();
        offer(AVAILABLE, 5, 7, 0x1234);

        write(NOTIFY, 2, 0);

        assertThat(pc.memory().discarded).isEqualTo(List.of(0x5000L, 0x7000L, 0x123_4000L));
        assertThat(read(USED + 2, 2)).isEqualTo(1);
        assertThat(read(USED + 4, 4)).isZero();
        assertThat(pc.intx[INTA]).isTrue();
        assertThat(read(ISR, 1)).isEqualTo(1);
        assertThat(pc.intx[INTA]).isFalse();
        assertThat(read(ISR, 1)).isZero();
    }

    @Test
    void aDriverThatWantsNoInterruptGetsNone() {
        startModern();
        write(AVAILABLE, 2, 1);
        offer(AVAILABLE, 5);

        write(NOTIFY, 2, 0);

        assertThat(read(USED + 2, 2)).isEqualTo(1);
        assertThat(pc.intx[INTA]).isFalse();
    }

    @Test
    void peopleSetTheTargetAndSeeWhatTheDriverSays() {
        startModern();
        Balloon balloon = pc.get(Balloon.class);

        balloon.setTarget(16 << 20);

        assertThat(read(ISR, 1)).isEqualTo(2);
        assertThat(read(CONFIG, 4)).isEqualTo(4096);
        assertThat(read(BAR + 0x15, 1)).isEqualTo(1);
        write(CONFIG + 4, 4, 1000);
        assertThat(balloon.takenBytes()).isEqualTo(1000 * 4096);
        assertThat(balloon.targetBytes()).isEqualTo(16 << 20);
        write(CONFIG + 4, 4, -1);
        assertThat(balloon.takenBytes()).isEqualTo(64 << 20);
        balloon.setTarget(1L << 40);
        assertThat(balloon.targetBytes()).isEqualTo(64 << 20);
        write(CONFIG, 4, 0);
        assertThat(read(CONFIG, 4)).isEqualTo(64 << 8);
    }

    @Test
    void featuresThatAreNotOfferedAreRefused() {
        write(BAR + 0x14, 1, ACKNOWLEDGE | DRIVER);
        write(BAR + 0x0c, 4, 1);
        write(BAR + 0x14, 1, ACKNOWLEDGE | DRIVER | FEATURES_OK);

        assertThat(read(BAR + 0x14, 1)).isEqualTo(ACKNOWLEDGE | DRIVER);
        assertThat(read(BAR + 0x04, 4)).isEqualTo(4);
        write(BAR, 4, 1);
        assertThat(read(BAR + 0x04, 4)).isEqualTo(1);
        write(BAR, 4, 2);
        assertThat(read(BAR + 0x04, 4)).isZero();
    }

    @Test
    void oldDriversUsePorts() {
        assertThat(pc.in(IO, 4)).isEqualTo(4);
        pc.out(IO + 0x12, 1, ACKNOWLEDGE | DRIVER);
        assertThat(pc.in(IO + 0x0c, 2)).isEqualTo(SIZE);
        pc.out(IO + 0x08, 4, (int) (DESCRIPTORS >> 12));
        pc.out(IO + 0x12, 1, ACKNOWLEDGE | DRIVER | DRIVER_OK);
        long ring = DESCRIPTORS + 16 * SIZE;
        offer(ring, 9);

        pc.out(IO + 0x10, 2, 0);

        assertThat(pc.memory().discarded).isEqualTo(List.of(0x9000L));
        assertThat(read(DESCRIPTORS + 0x1000 + 2, 2)).isEqualTo(1);
        assertThat(pc.in(IO + 0x13, 1)).isEqualTo(1);
        pc.get(Balloon.class).setTarget(8 << 20);
        assertThat(pc.in(IO + 0x14, 4)).isEqualTo(2048);
        pc.out(IO + 0x12, 1, 0);
        assertThat(pc.in(IO + 0x08, 4)).isZero();
    }

    /** A loop, an index too far ahead, indirect descriptors, a place behind the end. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aDriverThatBreaksTheRulesMustReset(int how) {
        startModern();
        describe(0, NUMBERS, 4, how == 2 ? 4 : 1, how == 3 ? 500 : 0);
        makeAvailable(AVAILABLE, 0);
        if (how == 1) {
            write(AVAILABLE + 2, 2, SIZE + 1);
        }

        write(NOTIFY, 2, 0);

        assertThat(read(BAR + 0x14, 1) & 0x40).isEqualTo(0x40);
        assertThat(read(USED + 2, 2)).isZero();
        write(BAR + 0x14, 1, 0);
        assertThat(read(BAR + 0x14, 1)).isZero();
        write(AVAILABLE + 2, 2, 0);
        available = 0;
        startModern();
        offer(AVAILABLE, 3);
        write(NOTIFY, 2, 0);
        assertThat(read(USED + 2, 2)).isEqualTo(1);
    }

    @Test
    void chainsOfSeveralPiecesAreReadInOrder() {
        startModern();
        write(NUMBERS, 4, 0x11);
        write(NUMBERS + 0x1000, 4, 0x22);
        describe(4, NUMBERS, 4, 1, 9);
        describe(9, NUMBERS + 0x1000, 4, 1, 2);
        describe(2, NUMBERS, Integer.MIN_VALUE, 2, 0); // for us to write: nothing is
        makeAvailable(AVAILABLE, 4);

        write(NOTIFY, 2, 0);

        assertThat(pc.memory().discarded).isEqualTo(List.of(0x1_1000L, 0x2_2000L));
        assertThat(read(USED + 4, 4)).isEqualTo(4);
    }

    @Test
    void aRestoredDeviceGoesOn() throws Exception {
        startModern();
        offer(AVAILABLE, 5);
        write(NOTIFY, 2, 0);
        pc.get(Balloon.class).setTarget(4096);
        Record state = device.save();

        device.reset();
        assertThat(pc.intx[INTA]).isFalse();
        device.restore(state);

        assertThat(pc.intx[INTA]).isTrue();
        assertThat(read(ISR, 1)).isEqualTo(3);
        offer(AVAILABLE, 6);
        write(NOTIFY, 2, 0);
        assertThat(pc.memory().discarded).isEqualTo(List.of(0x5000L, 0x6000L));
        assertThat(read(USED + 2, 2)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void randomAccessesDoNoHarm(long seed) {
        startModern();
        offer(AVAILABLE, 5);

        Fuzz.run(seed, pc, device);
    }
}
