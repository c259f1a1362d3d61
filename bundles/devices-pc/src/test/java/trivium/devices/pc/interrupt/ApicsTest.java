package trivium.devices.pc.interrupt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import trivium.device.ApicBus;
import trivium.device.CurrentVcpu;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class ApicsTest {
    private static final long LAPIC = 0xfee0_0000L, IOAPIC = 0xfec0_0000L;

    /** A vCPU that writes down what happens to it. */
    private static final class Cpu implements ApicBus.Target {
        final List<String> events = new ArrayList<>();

        @Override
        public void update() {}

        @Override
        public void nmi() {
            events.add("nmi");
        }

        @Override
        public void init() {
            events.add("init");
        }

        @Override
        public void sipi(int vector) {
            events.add("sipi %02x".formatted(vector));
        }
    }

    private final FakePlatform pc = new FakePlatform();
    private final Cpu[] cpus = {new Cpu(), new Cpu(), new Cpu()};
    private final LocalApics apics;
    private final I82093AA ioApic;

    ApicsTest() {
        pc.cpuCount = 3;
        apics = new LocalApics(pc);
        ioApic = new I82093AA(pc);
        for (int i = 0; i < 3; i++) {
            apics.connect(i, cpus[i]);
            CurrentVcpu.bind(i);
            lapic(0xf0, 0x1ff);
        }
        CurrentVcpu.bind(0);
    }

    @AfterEach
    void unbind() {
        CurrentVcpu.bind(0);
    }

    private int lapic(int register) {
        return (int) pc.memory().read(LAPIC + register, 4);
    }

    private void lapic(int register, int value) {
        pc.memory().write(LAPIC + register, 4, value);
    }

    private int ioApic(int register) {
        pc.memory().write(IOAPIC, 4, register);
        return (int) pc.memory().read(IOAPIC + 0x10, 4);
    }

    private void ioApic(int register, int value) {
        pc.memory().write(IOAPIC, 4, register);
        pc.memory().write(IOAPIC + 0x10, 4, value);
    }

    @Test
    void eachVcpuSeesItsOwn() {
        assertThat(lapic(0x20)).isZero();
        CurrentVcpu.bind(2);
        assertThat(lapic(0x20)).isEqualTo(2 << 24);
        assertThat(lapic(0x30)).isEqualTo(0x50014);
    }

    @Test
    void servesByPriorityAgainstTprAndIsr() {
        apics.deliver(0, false, 0, 0x41, false);
        apics.deliver(0, false, 0, 0x62, false);
        assertThat(apics.acknowledge(0)).isEqualTo(0x62);
        assertThat(lapic(0xa0)).isEqualTo(0x60);
        assertThat(apics.interruptPending(0)).isFalse();
        lapic(0xb0, 0);
        lapic(0x80, 0x40);
        assertThat(apics.acknowledge(0)).isEqualTo(-1);
        lapic(0x80, 0x30);
        assertThat(apics.interruptPending(0)).isTrue();
        assertThat(apics.acknowledge(0)).isEqualTo(0x41);
        assertThat(lapic(0x120)).isEqualTo(1 << 1);
    }

    @Test
    void taskPriorityIsCr8() {
        apics.apic(0).setTaskPriority(5);
        assertThat(lapic(0x80)).isEqualTo(0x50);
        apics.deliver(0, false, 0, 0x51, false);
        assertThat(apics.interruptPending(0)).isFalse();
    }

    @Test
    void startsOtherProcessors() {
        lapic(0x310, 1 << 24);
        lapic(0x300, 0xc500);
        lapic(0x300, 0x8500);
        lapic(0x300, 0x469f);
        assertThat(cpus[1].events).containsExactly("init", "sipi 9f");
        assertThat(cpus[2].events).isEmpty();
        lapic(0x300, 0xc4400);
        assertThat(cpus[2].events).containsExactly("nmi");
        assertThat(cpus[0].events).isEmpty();
    }

    @Test
    void sendsIpisByShorthandAndLogicalDestination() {
        lapic(0x300, 0x44030);
        assertThat(apics.acknowledge(0)).isEqualTo(0x30);
        CurrentVcpu.bind(1);
        lapic(0xd0, 0x02 << 24);
        CurrentVcpu.bind(0);
        lapic(0x310, 0x02 << 24);
        lapic(0x300, 0x04831);
        assertThat(apics.acknowledge(1)).isEqualTo(0x31);
        assertThat(apics.interruptPending(2)).isFalse();
        lapic(0x300, 0x84032);
        assertThat(apics.acknowledge(2)).isEqualTo(0x32);
    }

    @Test
    void lowestPriorityPicksTheIdleOne() {
        lapic(0x80, 0x80);
        CurrentVcpu.bind(2);
        lapic(0x80, 0x70);
        apics.deliver(0xff, false, 1, 0x91, false);
        assertThat(apics.acknowledge(1)).isEqualTo(0x91);
        assertThat(apics.interruptPending(0) || apics.interruptPending(2)).isFalse();
    }

    @Test
    void timerCountsAndInterruptsOnce() {
        lapic(0x3e0, 0xb);
        lapic(0x320, 0x40);
        lapic(0x380, 1_000_000);
        pc.advance(400_000);
        assertThat(lapic(0x390)).isEqualTo(600_000);
        pc.advance(600_000);
        assertThat(apics.acknowledge(0)).isEqualTo(0x40);
        assertThat(lapic(0x390)).isZero();
        lapic(0xb0, 0);
        pc.advance(10_000_000);
        assertThat(apics.interruptPending(0)).isFalse();
    }

    @Test
    void timerGoesOnAcrossAChangeOfModeButStaysAtZero() {
        lapic(0x3e0, 0xb);
        lapic(0x320, 0x20040);
        lapic(0x380, 1_000_000);
        pc.advance(1_400_000);
        lapic(0x320, 0x40);
        assertThat(lapic(0x390)).isEqualTo(600_000);
        pc.advance(600_000);
        assertThat(lapic(0x390)).isZero();
        lapic(0x320, 0x20040);
        assertThat(lapic(0x390)).isZero();
        assertThat(lapic(0x380)).isEqualTo(1_000_000);
    }

    @Test
    void periodicTimerDoesNotDrift() {
        lapic(0x3e0, 0x3); // by 16
        lapic(0x320, 0x20040);
        lapic(0x380, 62_501);
        int n = 0;
        for (int i = 0; i < 10_000; i++) {
            pc.advance(500_000);
            if (apics.acknowledge(0) == 0x40) {
                n++;
                lapic(0xb0, 0);
            }
        }
        assertThat(n).isEqualTo((int) (5_000_000_000L / (62_501 * 16)));
    }

    @Test
    void reportsErrorsAfterAWrite() {
        lapic(0x370, 0xfe);
        lapic(0x300, 5);
        assertThat(lapic(0x280)).isZero();
        assertThat(apics.acknowledge(0)).isEqualTo(0xfe);
        lapic(0x280, 0);
        assertThat(lapic(0x280)).isEqualTo(0x20);
    }

    @Test
    void disablingMasksTheLvtAndStopsDelivery() {
        lapic(0x20, 5 << 24);
        lapic(0x320, 0x40);
        lapic(0xf0, 0xff);
        assertThat(lapic(0x320)).isEqualTo(0x10040);
        apics.deliver(5, false, 0, 0x41, false);
        assertThat(apics.interruptPending(0)).isFalse();
        apics.apic(0).setBase(LAPIC);
        assertThat(lapic(0x30)).isEqualTo(-1);
        assertThat(apics.acceptsPic(0)).isTrue();
        assertThat(apics.acceptsPic(1)).isFalse();
        apics.apic(0).setBase(LAPIC | 0x800);
        assertThat(lapic(0x20)).isZero();
    }

    @Test
    void picReachesLint0AsExtIntOrFixed() {
        assertThat(apics.acceptsPic(0)).isTrue();
        lapic(0x350, 0x10700);
        assertThat(apics.acceptsPic(0)).isFalse();
        lapic(0x350, 0x31);
        apics.setPicLine(true);
        assertThat(apics.acknowledge(0)).isEqualTo(0x31);
    }

    @Test
    void ioApicSendsEdges() {
        ioApic(0x13, 1 << 24);
        ioApic(0x12, 0x44);
        ioApic.setLine(1, true);
        assertThat(apics.acknowledge(1)).isEqualTo(0x44);
        ioApic.setLine(1, false);
        ioApic(0x12, 0x10044);
        ioApic.setLine(1, true);
        assertThat(apics.interruptPending(1)).isFalse();
        assertThat(ioApic(1)).isEqualTo(0x170011);
    }

    @Test
    void ioApicRepeatsALevelAfterEoi() {
        ioApic(0x26, 0x8055);
        ioApic.setLine(11, true);
        assertThat(ioApic(0x26)).isEqualTo(0xc055);
        assertThat(apics.acknowledge(0)).isEqualTo(0x55);
        lapic(0xb0, 0);
        assertThat(apics.acknowledge(0)).isEqualTo(0x55);
        ioApic.setLine(11, false);
        lapic(0xb0, 0);
        assertThat(apics.interruptPending(0)).isFalse();
        assertThat(ioApic(0x26)).isEqualTo(0x8055);
    }

    @Test
    void messageSignalledWritesDeliver() {
        pc.memory().write(LAPIC | 1 << 12, 4, 0x4066);
        assertThat(apics.acknowledge(1)).isEqualTo(0x66);
    }

    @Test
    void restoresPendingInterrupts() {
        apics.deliver(2, false, 0, 0x77, true);
        Record state = apics.save();
        apics.reset();
        assertThat(apics.interruptPending(2)).isFalse();
        apics.restore(state);
        assertThat(apics.acknowledge(2)).isEqualTo(0x77);
    }

    @Test
    void survivesRandomAccesses() {
        Fuzz.run(10, pc, apics);
        Fuzz.run(11, pc, ioApic);
    }

    @Test
    void ioApicAndLocalApicsDoNotDeadlock() throws InterruptedException {
        ioApic(0x26, 0x8055);
        Thread lines =
                new Thread(() -> {
                    for (int i = 0; i < 100_000; i++) {
                        ioApic.setLine(11, (i & 1) == 0);
                    }
                });
        Thread cpu =
                new Thread(() -> {
                    for (int i = 0; i < 100_000; i++) {
                        apics.acknowledge(0);
                        lapic(0xb0, 0);
                    }
                });
        lines.start();
        cpu.start();
        lines.join(20_000);
        cpu.join(20_000);
        assertThat(lines.isAlive() || cpu.isAlive()).isFalse();
    }
}
