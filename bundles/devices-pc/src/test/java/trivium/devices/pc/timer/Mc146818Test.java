package trivium.devices.pc.timer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class Mc146818Test {
    private final FakePlatform pc = new FakePlatform(5L << 30);
    private final Mc146818 rtc;

    Mc146818Test() {
        pc.epochMillis = 1_700_000_000_000L; // 2023-11-14 22:13:20 UTC, a Tuesday
        pc.cpuCount = 4;
        pc.properties.put("boot-order", "cdrom,disk");
        rtc = new Mc146818(pc);
    }

    private int cmos(int register) {
        pc.out(0x70, register);
        return pc.in(0x71);
    }

    private void cmos(int register, int value) {
        pc.out(0x70, register);
        pc.out(0x71, value);
    }

    @Test
    void showsUtcInBcd() {
        assertThat(new int[] {cmos(0x32), cmos(9), cmos(8), cmos(7), cmos(6)})
                .containsExactly(0x20, 0x23, 0x11, 0x14, 3);
        assertThat(new int[] {cmos(4), cmos(2), cmos(0)}).containsExactly(0x22, 0x13, 0x20);
    }

    @Test
    void showsBinaryAndTwelveHours() {
        cmos(0x0b, 4);
        assertThat(new int[] {cmos(9), cmos(4), cmos(0)}).containsExactly(23, 0x80 | 10, 20);
    }

    @Test
    void setTimeRunsOn() {
        cmos(0x0b, 0x82);
        cmos(4, 0x01);
        cmos(2, 0x59);
        cmos(0, 0x58);
        pc.advance(10_000_000_000L);
        assertThat(cmos(0)).isEqualTo(0x58);
        cmos(0x0b, 0x02);
        pc.advance(3_000_000_000L);
        assertThat(new int[] {cmos(4), cmos(2), cmos(0)}).containsExactly(0x02, 0x00, 0x01);
        assertThat(cmos(7)).isEqualTo(0x14);
    }

    @Test
    void periodicInterruptWaitsForRegisterC() {
        cmos(0x0a, 0x26); // 1024 Hz
        cmos(0x0c);
        cmos(0x0b, 0x42);
        pc.advance(100_000_000);
        assertThat(pc.irqEdges[8]).isEqualTo(1);
        assertThat(cmos(0x0c) & 0xc0).isEqualTo(0xc0);
        assertThat(pc.irq[8]).isFalse();
        for (int i = 0; i < 1024; i++) {
            pc.advance(976_563);
            cmos(0x0c);
        }
        assertThat(pc.irqEdges[8]).isBetween(1023, 1026);
    }

    @Test
    void updateInterruptComesEachSecond() {
        cmos(0x0b, 0x12);
        for (int i = 0; i < 10; i++) {
            pc.advance(1_000_000_000);
            assertThat(cmos(0x0c) & 0x90).isEqualTo(0x90);
        }
        assertThat(pc.irqEdges[8]).isEqualTo(10);
    }

    @Test
    void alarmMatchesWithWildcards() {
        cmos(5, 0xff);
        cmos(3, 0x14);
        cmos(1, 0x05);
        cmos(0x0c);
        cmos(0x0b, 0x22);
        pc.advance(44_000_000_000L);
        assertThat(pc.irq[8]).isFalse();
        pc.advance(1_002_000_000L);
        assertThat(pc.irq[8]).isTrue();
        assertThat(cmos(0x0c) & 0xa0).isEqualTo(0xa0);
        pc.advance(3_600_000_000_000L);
        assertThat(pc.irqEdges[8]).isEqualTo(2);
    }

    @Test
    void flagsCanBePolledWithoutInterrupts() {
        cmos(0x0c);
        assertThat(cmos(0x0c) & 0x10).isZero();
        pc.advance(1_100_000_000);
        assertThat(cmos(0x0c)).isEqualTo(0x50);
        assertThat(pc.irqEdges[8]).isZero();
    }

    @Test
    void warnsOfAnUpdate() {
        pc.advance(998_000_000);
        assertThat(cmos(0x0a)).isEqualTo(0x26);
        pc.advance(1_500_000);
        assertThat(cmos(0x0a)).isEqualTo(0xa6);
        pc.advance(1_000_000);
        assertThat(cmos(0x0a)).isEqualTo(0x26);
    }

    @Test
    void tellsFirmwareWhatIsThere() {
        assertThat(cmos(0x15) | cmos(0x16) << 8).isEqualTo(640);
        assertThat(cmos(0x30) | cmos(0x31) << 8).isEqualTo(0xffff);
        assertThat(cmos(0x34) | cmos(0x35) << 8).isEqualTo(((3 << 30) - (16 << 20) >>> 16));
        assertThat(cmos(0x5b) | cmos(0x5c) << 8 | cmos(0x5d) << 16).isEqualTo(2 << 14);
        assertThat(cmos(0x5f)).isEqualTo(3);
        assertThat(cmos(0x3d)).isEqualTo(0x23);
        assertThat(cmos(0x0d)).isEqualTo(0x80);
        assertThat(cmos(0x14)).isEqualTo(6);
    }

    @Test
    void survivesRandomAccesses() {
        Fuzz.run(3, pc, rtc);
    }
}
