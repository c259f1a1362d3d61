package trivium.devices.pc.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import trivium.device.PowerButton;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class Piix4PmTest {
    private final FakePlatform pc = new FakePlatform();
    private final Piix4Pm pm = new Piix4Pm(pc);

    private void enableWindow() {
        pc.writeConfig(1, 3, 0x40, 4, 0x601);
        pc.writeConfig(1, 3, 0x80, 1, 1);
    }

    @Test
    void windowFollowsItsBase() {
        assertThat(pc.readConfig(1, 3, 0, 4)).isEqualTo(0x7113_8086);
        assertThat(pc.in(0x600, 2)).isEqualTo(0xffff);
        enableWindow();
        assertThat(pc.in(0x600, 2)).isZero();
        pc.writeConfig(1, 3, 0x40, 4, 0xb001);
        assertThat(pc.in(0x600, 2)).isEqualTo(0xffff);
        assertThat(pc.in(0xb004, 2)).isZero();
    }

    @Test
    void timerRunsAtItsFrequency() {
        enableWindow();
        int before = pc.in(0x608, 4);
        pc.advance(1_000_000_000);
        assertThat(pc.in(0x608, 4) - before).isBetween(3_579_544, 3_579_546);
        pc.advance(10_000_000_000L);
        assertThat(pc.in(0x608, 4)).isLessThan(1 << 24);
    }

    @Test
    void powerButtonRaisesSciUntilItsStatusIsCleared() {
        enableWindow();
        pc.out(0x602, 2, 0x100);
        pc.get(PowerButton.class).press();
        assertThat(pc.irq[9]).isTrue();
        assertThat(pc.in(0x600, 2)).isEqualTo(0x100);
        pc.out(0x600, 2, 0x100);
        assertThat(pc.irq[9]).isFalse();
        assertThat(pc.in(0x600, 2)).isZero();
    }

    @Test
    void acpiIsEnabledByTheSmiCommandPort() {
        enableWindow();
        pc.out(0xb2, 0xf1);
        assertThat(pc.in(0x604, 2)).isEqualTo(1);
        pc.out(0xb2, 0xf0);
        assertThat(pc.in(0x604, 2)).isZero();
    }

    @Test
    void softOffCutsThePower() {
        enableWindow();
        pc.out(0x604, 2, 0x2001);
        assertThat(pc.powerEvents).containsExactly("off");
    }

    @Test
    void unmodelledSleepWakesAtOnce() {
        enableWindow();
        pc.out(0x604, 2, 0x2401);
        assertThat(pc.powerEvents).isEmpty();
        assertThat(pc.in(0x600, 2)).isEqualTo(0x8000);
    }

    @Test
    void timerCarryInterruptsEveryToggleOfBit23() {
        enableWindow();
        pc.out(0x602, 2, 1);
        for (int i = 1; i <= 4; i++) {
            pc.advance(2_343_500_000L);
            assertThat(pc.irqEdges[9]).isEqualTo(i);
            pc.out(0x600, 2, 1);
        }
    }

    @Test
    void nothingAnswersOnSmBus() {
        pc.writeConfig(1, 3, 0x90, 4, 0x701);
        pc.writeConfig(1, 3, 0xd2, 1, 9);
        pc.out(0x704, 0xa1);
        pc.out(0x702, 0x48);
        assertThat(pc.in(0x700)).isEqualTo(4);
        pc.out(0x700, 0xff);
        assertThat(pc.in(0x700)).isZero();
    }

    @Test
    void survivesRandomAccesses() {
        enableWindow();
        Fuzz.run(9, pc, pm);
    }
}
