package trivium.devices.pc.timer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class HpetTest {
    private static final long BASE = 0xfed0_0000L;

    private final FakePlatform pc = new FakePlatform();
    private final I8254 pit = new I8254(pc);
    private final Hpet hpet = new Hpet(pc);

    private long read(int offset, int size) {
        return pc.memory().read(BASE + offset, size);
    }

    private void write(int offset, long value) {
        pc.memory().write(BASE + offset, 4, value & 0xffff_ffffL);
    }

    @Test
    void tellsPeriodAndCountsAt100MHz() {
        assertThat(read(4, 4)).isEqualTo(10_000_000);
        assertThat(read(0, 8)).isEqualTo(0x0098_9680_8086_a201L);
        pc.advance(1000);
        assertThat(read(0xf0, 8)).isZero();
        write(0x10, 1);
        pc.advance(1_000_000_000);
        assertThat(read(0xf0, 8)).isEqualTo(100_000_000);
        write(0x10, 0);
        pc.advance(1000);
        assertThat(read(0xf0, 4)).isEqualTo(100_000_000);
    }

    @Test
    void oneShotInterruptsOnceThroughTheLegacyRoute() {
        write(0x10, 3);
        write(0x100, 0x104);
        write(0x108, 500);
        pc.advance(4_990);
        assertThat(pc.irqEdges[0]).isZero();
        pc.advance(10);
        assertThat(pc.irqEdges[0]).isEqualTo(1);
        write(0x100, 0x104);
        pc.advance(1_000_000);
        assertThat(pc.irqEdges[0]).isEqualTo(1);
    }

    @Test
    void passedComparatorInterruptsAtOnce() {
        write(0x10, 3);
        pc.advance(100_000);
        write(0x100, 0x104);
        pc.advance(1000);
        assertThat(pc.irqEdges[0]).isZero();
        write(0x108, 5);
        pc.advance(0);
        assertThat(pc.irqEdges[0]).isEqualTo(1);
    }

    @Test
    void periodicModeKeepsItsPace() {
        write(0x100, 0x14c); // 32 bits, set value, periodic, enabled
        write(0x108, 100_000);
        write(0x108, 100_000);
        write(0x10, 3);
        pc.advance(10_000_000_000L);
        assertThat(pc.irqEdges[0]).isEqualTo(10_000);
    }

    @Test
    void lateTicksFollow() {
        write(0x100, 0x14c);
        write(0x108, 400_000);
        write(0x108, 400_000);
        write(0x10, 3);
        pc.stall(100_000_000);
        pc.advance(100_000_000);
        assertThat(pc.irqEdges[0]).isEqualTo(50);
        pc.stall(10_000_000_000L);
        pc.advance(400_000_000);
        assertThat(pc.irqEdges[0]).isBetween(150, 215);
    }

    @Test
    void legacyReplacementCutsThePit() {
        pc.out(0x43, 0x34);
        pc.out(0x40, 0);
        pc.out(0x40, 0x10);
        pc.advance(100_000_000);
        int ticks = pc.irqEdges[0];
        assertThat(ticks).isPositive();
        write(0x10, 3);
        pc.advance(100_000_000);
        assertThat(pc.irqEdges[0]).isEqualTo(ticks);
        write(0x10, 1);
        pc.advance(100_000_000);
        assertThat(pc.irqEdges[0]).isGreaterThan(ticks);
    }

    @Test
    void levelInterruptStaysUntilStatusIsCleared() {
        write(0x10, 1);
        write(0x140, 2 << 9 | 6);
        write(0x148, 100);
        write(0x14c, 0);
        pc.advance(2000);
        assertThat(pc.gsi[2]).isTrue();
        assertThat(read(0x20, 4)).isEqualTo(4);
        write(0x20, 4);
        assertThat(pc.gsi[2]).isFalse();
        assertThat(read(0x20, 4)).isZero();
    }

    @Test
    void counterGoesOnAfterRestore() {
        write(0x10, 1);
        pc.advance(1_000_000);
        Record state = hpet.save();
        pc.advance(1_000_000);
        hpet.restore(state);
        pc.advance(10);
        assertThat(read(0xf0, 8)).isEqualTo(100_001);
    }

    @Test
    void survivesRandomAccesses() {
        Fuzz.run(12, pc, hpet);
        pit.close();
    }
}
