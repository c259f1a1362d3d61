package trivium.devices.pc.timer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class I8254Test {
    private final FakePlatform pc = new FakePlatform();
    private final I8254 pit = new I8254(pc);
    private final PcSpeaker speaker = new PcSpeaker(pc);

    private void program(int channel, int access, int mode, int count) {
        pc.out(0x43, channel << 6 | access << 4 | mode << 1);
        pc.out(0x40 + channel, count & 0xff);
        if (access == 3) {
            pc.out(0x40 + channel, count >> 8);
        }
    }

    private int read(int channel) {
        return pc.in(0x40 + channel) | pc.in(0x40 + channel) << 8;
    }

    /** Moves to the moment {@code ticks} clocks after the count was loaded. */
    private void ticksAfterLoad(long ticks) {
        pc.advance(I8254.CLOCK.nanos(ticks + 1) - pc.nanos());
    }

    @Test
    void interruptsOnTerminalCountOnce() {
        program(0, 3, 0, 1000);
        ticksAfterLoad(999);
        assertThat(pc.irq[0]).isFalse();
        ticksAfterLoad(1000);
        assertThat(pc.irq[0]).isTrue();
        pc.advance(1_000_000_000);
        assertThat(pc.irqEdges[0]).isEqualTo(1);
    }

    @Test
    void rateGeneratorDoesNotDrift() {
        program(0, 3, 2, 11932);
        pc.advance(3_600_000_000_000L);
        long expected = I8254.CLOCK.at(pc.nanos()) / 11932;
        assertThat((long) pc.irqEdges[0]).isBetween(expected - 1, expected);
    }

    @Test
    void zeroCountsAsLargest() {
        program(0, 3, 3, 0);
        pc.advance(1_000_000_000);
        assertThat(pc.irqEdges[0]).isEqualTo(18);
    }

    @Test
    void catchesUpAfterShortStallButNotAfterLongOne() {
        program(0, 3, 2, 11932);
        pc.advance(100_000_000);
        int before = pc.irqEdges[0];
        pc.stall(100_000_000);
        pc.advance(400_000_000);
        assertThat(pc.irqEdges[0] - before).isBetween(49, 51);
        before = pc.irqEdges[0];
        pc.stall(10_000_000_000L);
        pc.advance(400_000_000);
        assertThat(pc.irqEdges[0] - before).isBetween(39, 80);
    }

    @Test
    void latchHoldsTheCountUntilItIsRead() {
        program(0, 3, 2, 50000);
        ticksAfterLoad(1000);
        pc.out(0x43, 0x00);
        pc.advance(1_000_000);
        assertThat(read(0)).isEqualTo(49000);
        assertThat(read(0)).isLessThan(48000);
    }

    @Test
    void squareWaveCountsByTwo() {
        program(0, 3, 3, 1000);
        ticksAfterLoad(100);
        assertThat(read(0)).isEqualTo(800);
        ticksAfterLoad(600);
        assertThat(read(0)).isEqualTo(800);
    }

    @Test
    void readBackTellsStatusAndCount() {
        pc.out(0x43, 0xb0);
        pc.out(0x43, 0xe8); // status of channel 2: nothing loaded
        assertThat(pc.in(0x42)).isEqualTo(0x70);
        pc.out(0x61, 1);
        program(2, 3, 0, 100);
        ticksAfterLoad(100);
        pc.out(0x43, 0xc8); // count and status
        assertThat(pc.in(0x42)).isEqualTo(0xb0);
        assertThat(read(2)).isZero();
    }

    @Test
    void countsInBcd() {
        pc.out(0x43, 0x35);
        pc.out(0x40, 0x00);
        pc.out(0x40, 0x10);
        ticksAfterLoad(1);
        assertThat(read(0)).isEqualTo(0x0999);
    }

    @Test
    void speakerOutputEndsTheCalibrationLoopInTime() {
        pc.out(0x61, 1);
        program(2, 3, 0, 0xffff);
        assertThat(pc.in(0x61) & 0x21).isEqualTo(1);
        ticksAfterLoad(0xfffe);
        assertThat(pc.in(0x61) & 0x20).isZero();
        ticksAfterLoad(0xffff);
        assertThat(pc.in(0x61) & 0x20).isEqualTo(0x20);
    }

    @Test
    void gateStopsTheCountInMode0() {
        pc.out(0x61, 1);
        program(2, 3, 0, 1000);
        ticksAfterLoad(400);
        pc.out(0x61, 0);
        assertThat(read(2)).isEqualTo(600);
        pc.advance(10_000_000);
        assertThat(read(2)).isEqualTo(600);
        pc.out(0x61, 1);
        pc.advance(I8254.CLOCK.nanos(600) - 2000);
        assertThat(pc.in(0x61) & 0x20).isZero();
        pc.advance(4000);
        assertThat(pc.in(0x61) & 0x20).isEqualTo(0x20);
    }

    @Test
    void gateTriggersTheOneShot() {
        program(2, 3, 1, 1000);
        assertThat(pc.in(0x61) & 0x20).isEqualTo(0x20);
        pc.out(0x61, 1);
        pc.advance(10_000);
        assertThat(pc.in(0x61) & 0x20).isZero();
        pc.advance(I8254.CLOCK.nanos(1001));
        assertThat(pc.in(0x61) & 0x20).isEqualTo(0x20);
    }

    @Test
    void softwareStrobeRestartsOnEachCount() {
        program(0, 3, 4, 2000);
        pc.advance(1_000_000);
        pc.out(0x40, 2000 & 0xff);
        pc.out(0x40, 2000 >> 8);
        pc.advance(1_500_000);
        assertThat(pc.irqEdges[0]).isZero();
        pc.advance(500_000);
        assertThat(pc.irqEdges[0]).isEqualTo(1);
    }

    @Test
    void newRateWaitsForTheEndOfThePeriod() {
        program(0, 3, 2, 10_000);
        ticksAfterLoad(5000);
        pc.out(0x40, 1000 & 0xff);
        pc.out(0x40, 1000 >> 8);
        ticksAfterLoad(9999);
        assertThat(pc.irqEdges[0]).isZero();
        ticksAfterLoad(10_000);
        assertThat(pc.irqEdges[0]).isEqualTo(1);
        ticksAfterLoad(11_001);
        assertThat(pc.irqEdges[0]).isEqualTo(2);
    }

    @Test
    void refreshBitToggles() {
        int seen = 0;
        for (int i = 0; i < 10; i++) {
            seen |= 1 << (pc.in(0x61) >> 4 & 1);
            pc.advance(15_000);
        }
        assertThat(seen).isEqualTo(3);
    }

    @Test
    void restoredTimerGoesOn() {
        program(0, 3, 2, 11932);
        pc.advance(15_000_000);
        FakePlatform other = new FakePlatform();
        I8254 copy = new I8254(other);
        other.advance(pc.nanos());
        copy.restore(pit.save());
        other.advance(1_000_000_000);
        assertThat(other.irqEdges[0]).isBetween(99, 101);
    }

    @Test
    void survivesRandomAccesses() {
        Fuzz.run(2, pc, pit);
        speaker.restore(speaker.save());
    }
}
