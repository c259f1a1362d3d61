package trivium.devices.pc.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import trivium.devices.pc.FakePlatform;

class FerrLatchTest {
    private static final int IRQ = 13;

    private final FakePlatform pc = new FakePlatform();
    private final FerrLatch latch = new FerrLatch(pc);

    @Test
    void raisesTheInterruptOnceUntilPortF0Clears() {
        latch.ferr(true);
        latch.ferr(true);
        assertThat(pc.irq[IRQ]).isTrue();
        assertThat(pc.irqEdges[IRQ]).isEqualTo(1);
        pc.out(0xf0, 1, 0);
        assertThat(pc.irq[IRQ]).isFalse();
        latch.ferr(true);
        assertThat(pc.irq[IRQ]).isFalse();
    }

    @Test
    void raisesAgainForTheNextError() {
        latch.ferr(true);
        pc.out(0xf0, 1, 0);
        latch.ferr(false);
        latch.ferr(true);
        assertThat(pc.irqEdges[IRQ]).isEqualTo(2);
    }

    @Test
    void keepsItsStateAcrossSaveAndRestore() {
        latch.ferr(true);
        FakePlatform other = new FakePlatform();
        new FerrLatch(other).restore(latch.save());
        assertThat(other.irq[IRQ]).isTrue();
    }
}
