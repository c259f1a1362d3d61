package trivium.machine.board;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import trivium.bus.IrqLine;

class InterruptLinesTest {
    private final InterruptLines lines = new InterruptLines();
    private final List<String> log = new ArrayList<>();

    InterruptLinesTest() {
        lines.setPic((line, on) -> log.add("pic %d %s".formatted(line, on ? "up" : "down")));
        lines.setIoApic((line, on) -> log.add("apic %d %s".formatted(line, on ? "up" : "down")));
    }

    @Test
    void isaLineZeroComesInAtIoApicPinTwo() {
        lines.source(0).pulse();

        assertThat(log).containsExactly("pic 0 up", "apic 2 up", "pic 0 down", "apic 2 down");
    }

    @Test
    void aWireIsUpWhileAnySourceHoldsIt() {
        IrqLine a = lines.source(11), b = lines.source(11);
        a.raise();
        a.raise();
        b.raise();
        a.lower();
        assertThat(log).containsExactly("pic 11 up", "apic 11 up");

        b.lower();
        b.lower();
        assertThat(log).endsWith("pic 11 down", "apic 11 down").hasSize(4);
    }

    @Test
    void linesFromSixteenOnReachTheIoApicAlone() {
        lines.source(20).raise();

        assertThat(log).containsExactly("apic 20 up");
    }

    @Test
    void aControllerThatComesLateHearsOfAssertedLines() {
        InterruptLines late = new InterruptLines();
        late.source(5).raise();
        late.setPic((line, on) -> log.add("late %d %s".formatted(line, on)));

        assertThat(log).containsExactly("late 5 true");
    }

    /** As for timers of a hypervisor that take the place of a PIT which holds the wire. */
    @Test
    void aPulseIsAnEdgeWhileOthersHoldTheWire() {
        InterruptLines held = new InterruptLines();
        held.setPic((line, on) -> log.add("held %d %s".formatted(line, on)));
        IrqLine other = held.source(0);
        other.raise();

        held.source(0).pulse();
        other.lower();

        assertThat(log)
                .containsExactly("held 0 true", "held 0 false", "held 0 true", "held 0 false");
    }

    @Test
    void pciPinsAreSwizzledAndShared() {
        PciRoot pci = new PciRoot();
        pci.setRouter((pirq, on) -> log.add("pirq %d %s".formatted(pirq, on)));
        IrqLine a = pci.intx(2, 0), shared = pci.intx(5, 1), other = pci.intx(3, 0);

        a.raise();
        shared.raise();
        a.lower();
        other.pulse();
        shared.lower();

        assertThat(log)
                .containsExactly("pirq 1 true", "pirq 2 true", "pirq 2 false", "pirq 1 false");
    }
}
