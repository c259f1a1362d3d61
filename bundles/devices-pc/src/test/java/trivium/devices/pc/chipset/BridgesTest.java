package trivium.devices.pc.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class BridgesTest {
    private final FakePlatform pc = new FakePlatform();
    private final I440fx north = new I440fx(pc);
    private final Piix3 south = new Piix3(pc);

    private int config(int device, int register) {
        pc.out(0xcf8, 4, 0x8000_0000 | device << 11 | register & 0xfc);
        return pc.in(0xcfc, 4);
    }

    private void config(int device, int register, int size, int value) {
        pc.out(0xcf8, 4, 0x8000_0000 | device << 11 | register & 0xfc);
        pc.out(0xcfc + (register & 3), size, value);
    }

    @Test
    void mechanism1FindsTheBridges() {
        assertThat(config(0, 0)).isEqualTo(0x1237_8086);
        assertThat(config(0, 8)).isEqualTo(0x0600_0002);
        assertThat(config(1, 0)).isEqualTo(0x7000_8086);
        assertThat(pc.in(0xcfe, 2)).isEqualTo(0x7000);
        assertThat(config(1, 0x0c) >> 16 & 0xff).isEqualTo(0x80);
        assertThat(config(7, 0)).isEqualTo(-1);
    }

    @Test
    void otherBusesAndADisabledAddressReadAllOnes() {
        pc.out(0xcf8, 4, 0x8001_0000);
        assertThat(pc.in(0xcfc, 4)).isEqualTo(-1);
        pc.out(0xcf8, 4, 0);
        assertThat(pc.in(0xcfc, 2)).isEqualTo(0xffff);
        pc.out(0xcf8, 4, 0x8000_0003);
        assertThat(pc.in(0xcf8, 4)).isEqualTo(0x8000_0000);
    }

    @Test
    void pamMovesReadsAndWritesToRam() {
        pc.memory().shadows.clear();
        config(0, 0x59, 1, 0x30);
        config(0, 0x5a, 1, 0x21);
        assertThat(pc.memory().shadows)
                .containsExactly("f0000+10000 rw", "c0000+4000 r-", "c4000+4000 -w");
    }

    @Test
    void routesPirqsToIsaInterrupts() {
        pc.router.set(0, true);
        assertThat(pc.irq[11]).isFalse();
        config(1, 0x60, 1, 11);
        config(1, 0x61, 1, 11);
        assertThat(pc.irq[11]).isTrue();
        pc.router.set(1, true);
        pc.router.set(0, false);
        assertThat(pc.irq[11]).isTrue();
        config(1, 0x61, 1, 0x80);
        assertThat(pc.irq[11]).isFalse();
    }

    @Test
    void resetsByPortCf9() {
        pc.out(0xcf9, 2);
        assertThat(pc.powerEvents).isEmpty();
        assertThat(pc.in(0xcf9)).isEqualTo(2);
        pc.out(0xcf9, 6);
        assertThat(pc.powerEvents).containsExactly("reset");
    }

    @Test
    void survivesRandomAccesses() {
        Fuzz.run(6, pc, north);
        Fuzz.run(7, pc, south);
    }
}
