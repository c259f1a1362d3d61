package trivium.devices.pc.interrupt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class I8259PairTest {
    private final FakePlatform pc = new FakePlatform();
    private final I8259Pair pic = new I8259Pair(pc);

    private void initialize(int icw4) {
        write(0x20, 0x11, 0xa0, 0x11, 0x21, 0x08, 0xa1, 0x70, 0x21, 4, 0xa1, 2);
        write(0x21, icw4, 0xa1, 1, 0x21, 0, 0xa1, 0);
    }

    private void write(int... portsAndValues) {
        for (int i = 0; i < portsAndValues.length; i += 2) {
            pc.out(portsAndValues[i], portsAndValues[i + 1]);
        }
    }

    private void pulse(int line) {
        pic.setLine(line, true);
        pic.setLine(line, false);
    }

    private int isr(int port) {
        pc.out(port, 0x0b);
        return pc.in(port);
    }

    @Test
    void servesInputsByPriorityAndHoldsLowerOnesUntilEoi() {
        initialize(1);
        pulse(4);
        pulse(1);
        assertThat(pic.acknowledge()).isEqualTo(9);
        assertThat(pic.interruptAsserted()).isFalse();
        pulse(0);
        assertThat(pic.acknowledge()).isEqualTo(8);
        assertThat(isr(0x20)).isEqualTo(3);
        write(0x20, 0x20, 0x20, 0x20);
        assertThat(pic.acknowledge()).isEqualTo(12);
    }

    @Test
    void cascadesTheSlave() {
        initialize(1);
        pulse(12);
        pulse(8);
        assertThat(pic.acknowledge()).isEqualTo(0x70);
        assertThat(isr(0x20)).isEqualTo(4);
        write(0xa0, 0x20, 0x20, 0x20);
        assertThat(pic.acknowledge()).isEqualTo(0x74);
    }

    @Test
    void maskedInputsWaitForTheirMask() {
        initialize(1);
        write(0x21, 0xff);
        pulse(3);
        assertThat(pic.interruptAsserted()).isFalse();
        write(0x21, 0xf7);
        assertThat(pic.interruptAsserted()).isTrue();
        assertThat(pc.in(0x21)).isEqualTo(0xf7);
    }

    @Test
    void answersSpuriouslyWithIr7OfEitherChip() {
        initialize(1);
        assertThat(pic.acknowledge()).isEqualTo(0x0f);
        assertThat(isr(0x20)).isZero();
        pulse(10);
        write(0xa1, 0xff); // gone from the slave, but its edge is latched in the master
        assertThat(pic.acknowledge()).isEqualTo(0x77);
        assertThat(isr(0xa0)).isZero();
        assertThat(isr(0x20)).isEqualTo(4);
    }

    @Test
    void levelInputsFollowTheLine() {
        initialize(1);
        write(0x4d0, 0xff, 0x4d1, 0xff);
        assertThat(pc.in(0x4d0)).isEqualTo(0xf8);
        assertThat(pc.in(0x4d1)).isEqualTo(0xde);
        pic.setLine(11, true);
        assertThat(pic.acknowledge()).isEqualTo(0x73);
        write(0xa0, 0x20, 0x20, 0x20);
        assertThat(pic.interruptAsserted()).isTrue();
        pic.setLine(11, false);
        assertThat(pic.acknowledge()).isEqualTo(0x77);
    }

    @Test
    void automaticEoiLeavesNothingInService() {
        initialize(3);
        pulse(5);
        assertThat(pic.acknowledge()).isEqualTo(13);
        assertThat(isr(0x20)).isZero();
    }

    @Test
    void automaticEoiOfTheSlaveLosesNoInterrupt() {
        write(0x20, 0x11, 0xa0, 0x11, 0x21, 0x08, 0xa1, 0x70, 0x21, 4, 0xa1, 2);
        write(0x21, 3, 0xa1, 3, 0x21, 0, 0xa1, 0);
        pulse(9);
        pulse(10);
        assertThat(pic.acknowledge()).isEqualTo(0x71);
        assertThat(pic.acknowledge()).isEqualTo(0x72);
        assertThat(pic.interruptAsserted()).isFalse();
    }

    @Test
    void rotatesOnEoi() {
        initialize(1);
        pulse(0);
        pulse(1);
        assertThat(pic.acknowledge()).isEqualTo(8);
        write(0x20, 0xa0); // rotate on non-specific EOI: IR0 is now lowest
        pulse(0);
        assertThat(pic.acknowledge()).isEqualTo(9);
        write(0x20, 0x61); // specific EOI
        assertThat(pic.acknowledge()).isEqualTo(8);
        write(0x20, 0x60, 0x20, 0xc3); // set priority: IR4 highest
        pulse(0);
        pulse(4);
        assertThat(pic.acknowledge()).isEqualTo(12);
    }

    @Test
    void specialMaskLetsLowerLevelsThrough() {
        initialize(1);
        pulse(1);
        pic.acknowledge();
        pulse(6);
        assertThat(pic.interruptAsserted()).isFalse();
        write(0x21, 2, 0x20, 0x68);
        assertThat(pic.acknowledge()).isEqualTo(14);
    }

    @Test
    void pollAcknowledgesAndNamesTheInput() {
        initialize(1);
        pulse(6);
        write(0x20, 0x0c);
        assertThat(pc.in(0x20)).isEqualTo(0x86);
        assertThat(isr(0x20)).isEqualTo(0x40);
        write(0x20, 0x0c);
        assertThat(pc.in(0x20)).isZero();
    }

    @Test
    void tellsItsOutput() {
        initialize(1);
        boolean[] level = {false};
        pic.setOutput(l -> level[0] = l);
        pic.setLine(3, true);
        assertThat(level[0]).isTrue();
        pic.acknowledge();
        assertThat(level[0]).isFalse();
    }

    @Test
    void keepsItsStateAcrossSaveAndRestore() {
        initialize(1);
        pulse(3);
        pulse(9);
        I8259Pair other = new I8259Pair(new FakePlatform());
        other.restore(pic.save());
        assertThat(other.interruptAsserted()).isTrue();
        assertThat(other.acknowledge()).isEqualTo(0x71);
    }

    @Test
    void survivesRandomAccesses() {
        Fuzz.run(1, pc, pic);
    }
}
