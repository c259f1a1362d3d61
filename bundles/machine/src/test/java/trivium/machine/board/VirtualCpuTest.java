package trivium.machine.board;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.bus.IrqLine;
import trivium.cpu.CpuModel;
import trivium.cpu.LocalApic;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.device.IsaPic;

@Timeout(20)
class VirtualCpuTest {
    private final Clock clock = new Clock(0, false);
    private final Timers timers = new Timers("test", clock, _ -> {});
    private final VirtualCpu cpu = new VirtualCpu(0, CpuModel.I386, null, null, timers);
    private final Pic pic = new Pic();

    /** One level that acknowledging takes back. */
    private static final class Pic implements IsaPic {
        private volatile boolean asserted;

        @Override
        public boolean interruptAsserted() {
            return asserted;
        }

        @Override
        public int acknowledge() {
            asserted = false;
            return 0x20;
        }

        @Override
        public void setOutput(IrqLine output) {}

        @Override
        public void setLine(int line, boolean level) {
            asserted = level;
        }
    }

    @AfterEach
    void close() {
        timers.close();
    }

    @Test
    void theLineShowsAsIntrUntilItIsAcknowledged() {
        cpu.connect(pic, null, _ -> {});
        assertThat(cpu.acknowledgeInterrupt()).isEqualTo(-1);
        pic.setLine(0, true);
        cpu.update();
        assertThat(cpu.pending()).isEqualTo(Vcpu.INTR);

        assertThat(cpu.acknowledgeInterrupt()).isEqualTo(0x20);

        assertThat(cpu.pending()).isZero();
        assertThat(cpu.apic()).isSameAs(LocalApic.NONE);
    }

    @Test
    void onlyTheFirstCpuWithoutApicHearsThePic() {
        var second = new VirtualCpu(1, CpuModel.I386, null, null, timers);
        second.connect(pic, null, _ -> {});
        pic.setLine(0, true);
        second.update();

        assertThat(second.pending()).isZero();
    }

    @Test
    void eventsAreTakenOnce() {
        cpu.nmi();
        cpu.sipi(0x9f);
        cpu.kick();

        assertThat(cpu.take(Vcpu.NMI)).isTrue();
        assertThat(cpu.take(Vcpu.NMI)).isFalse();
        assertThat(cpu.sipiVector()).isEqualTo(0x9f);
        cpu.clearEvents();
        assertThat(cpu.pending()).isEqualTo(Vcpu.KICK);
    }

    @Test
    void aHaltedCpuSleepsThroughInterruptsItHasDisabled() throws InterruptedException {
        cpu.connect(pic, null, _ -> {});
        cpu.state().activity = VcpuState.HALTED;
        CountDownLatch woken = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().start(() -> waitOn(woken));

        pic.setLine(0, true);
        cpu.update();
        assertThat(woken.await(30, TimeUnit.MILLISECONDS)).isFalse();

        cpu.nmi();
        assertThat(woken.await(10, TimeUnit.SECONDS)).isTrue();
        thread.join();
    }

    @Test
    void anInterruptWakesAHaltedCpuThatAcceptsIt() throws InterruptedException {
        cpu.connect(pic, null, _ -> {});
        cpu.state().activity = VcpuState.HALTED;
        cpu.state().rflags |= 0x200;
        CountDownLatch woken = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().start(() -> waitOn(woken));
        Thread.sleep(10);

        pic.setLine(0, true);
        cpu.update();

        assertThat(woken.await(10, TimeUnit.SECONDS)).isTrue();
        thread.join();
    }

    @Test
    void aHaltedCpuRunsTimersItselfAndIsWokenByThem() throws InterruptedException {
        clock.run();
        cpu.state().activity = VcpuState.HALTED;
        CountDownLatch woken = new CountDownLatch(1);
        Thread[] ranOn = new Thread[1];
        Thread thread = Thread.ofPlatform().start(() -> waitOn(woken));
        timers.add(
                        this,
                        () -> {
                            ranOn[0] = Thread.currentThread();
                            cpu.nmi();
                        })
                .arm(clock.nanos() + 20_000_000);

        assertThat(woken.await(10, TimeUnit.SECONDS)).isTrue();
        thread.join();
        assertThat(ranOn[0]).isNotNull();
    }

    private void waitOn(CountDownLatch woken) {
        cpu.bindThread();
        try {
            cpu.awaitPending();
            woken.countDown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aCountedClockLeapsToTheNextTimerWhileHalted() throws InterruptedException {
        Clock counted = new Clock(0, true);
        try (Timers own = new Timers("test", counted, _ -> {})) {
            var halted = new VirtualCpu(0, CpuModel.I386, null, null, own);
            halted.bindThread();
            halted.state().activity = VcpuState.HALTED;
            own.add(this, halted::nmi).arm(1_000_000_000);

            halted.awaitPending();

            assertThat(counted.nanos()).isEqualTo(1_000_000_000);
            assertThat(halted.tsc()).isEqualTo(1_000_000_000);
        }
    }

    @Test
    void holdsOneNmiBackWhileAnotherWaits() {
        cpu.nmi();
        cpu.nmi();
        cpu.nmi();
        assertThat(cpu.take(Vcpu.NMI)).isTrue();
        assertThat(cpu.take(Vcpu.NMI)).isTrue();
        assertThat(cpu.take(Vcpu.NMI)).isFalse();
    }
}
