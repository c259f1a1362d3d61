package trivium.machine.board;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import trivium.bus.BusDevice;

class PortBusTest {
    private final PortBus bus = new PortBus();

    private static final class Window implements BusDevice {
        final List<String> log = new ArrayList<>();
        long value = -1;

        @Override
        public long read(long offset, int size) {
            assertThat(Thread.holdsLock(this)).isTrue();
            log.add("r%d.%d".formatted(offset, size));
            return value;
        }

        @Override
        public void write(long offset, int size, long v) {
            log.add("w%d.%d=%x".formatted(offset, size, v));
        }
    }

    private Window claim(int base, int count) {
        Window window = new Window();
        bus.claim(0, "test", base, count, window, window);
        return window;
    }

    @Test
    void readsAllOnesFromUnclaimedPorts() {
        assertThat(bus.in(0x1234, 1)).isEqualTo(0xff);
        assertThat(bus.in(0x1234, 2)).isEqualTo(0xffff);
        assertThat(bus.in(0x1234, 4)).isEqualTo(-1);
        bus.out(0x1234, 4, 5);
    }

    @Test
    void aWindowGetsAccessesItCoversWhole() {
        Window window = claim(0xcf8, 4);
        window.value = 0x1_2345_6789L;

        assertThat(bus.in(0xcf8, 4)).isEqualTo(0x2345_6789);
        assertThat(bus.in(0xcfa, 2)).isEqualTo(0x6789);
        bus.out(0xcfb, 1, 0x1ff);

        assertThat(window.log).containsExactly("r0.4", "r2.2", "w3.1=ff");
    }

    @Test
    void widerAccessesFallIntoHalvesOnlyWhereNoWindowTakesThem() {
        Window low = claim(0x60, 1), high = claim(0x62, 2);
        low.value = 0x11;
        high.value = 0x3322;

        assertThat(bus.in(0x60, 4)).isEqualTo(0x3322ff11);
        bus.out(0x60, 4, 0x44332211);

        assertThat(low.log).containsExactly("r0.1", "w0.1=11");
        assertThat(high.log).containsExactly("r0.2", "w0.2=4433");
    }

    @Test
    void accessBeyondTheLastPortWrapsNowhere() {
        Window last = claim(0xffff, 1);
        last.value = 0x77;

        assertThat(bus.in(0xffff, 1)).isEqualTo(0x77);
        assertThat(bus.in(0xffff, 2)).isEqualTo(0xffff);
        bus.out(0xfffe, 4, -1);
        assertThat(last.log).containsExactly("r0.1");
    }

    @Test
    void theFirstClaimStaysAndTheNextTakesOverWhenItGoes() {
        Window first = new Window(), second = new Window();
        PortBus.Window claim = bus.claim(0, "a", 0x100, 4, first, first);
        bus.claim(0, "b", 0x102, 4, second, second);
        second.value = 2;
        first.value = 1;
        assertThat(bus.in(0x102, 1)).isEqualTo(1);
        assertThat(bus.in(0x104, 1)).isEqualTo(2);

        bus.release(claim);

        assertThat(bus.in(0x102, 1)).isEqualTo(2);
        assertThat(bus.in(0x100, 1)).isEqualTo(0xff);
    }

    @Test
    void tapsHearEachByteWhoeverClaimsThePort() {
        List<Integer> heard = new ArrayList<>();
        Window window = claim(0x80, 1);
        bus.tap(0x80, heard::add);
        bus.tap(0x191, heard::add);

        bus.out(0x80, 1, 0xab);
        bus.out(0x190, 2, 0x1234);

        assertThat(bus.in(0x191, 1)).isEqualTo(0xe9);
        assertThat(heard).containsExactly(0xab, 0x12);
        assertThat(window.log).containsExactly("w0.1=ab");
    }

    @Test
    void refusesPortsThatDoNotExist() {
        assertThatThrownBy(() -> claim(0xffff, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0xffff");
    }

    private PortBus.Window window(int base, int count) {
        Window device = new Window();
        return bus.claim(0, "test", base, count, device, device);
    }

    private boolean shared(int port) {
        return bus.shared().orElseThrow().read(port, 1) >= 0;
    }

    @Test
    void sharesRegistersAsLongAsTheWindowAnswersAndNobodyListens() {
        PortBus.Window first = window(0x70, 2), second = window(0x71, 1);
        bus.share(first, 0x70, 1).allow(true, true);
        bus.share(first, 0x71, 1).allow(true, true);
        bus.share(second, 0x71, 1).allow(true, true);
        assertThat(shared(0x70)).isTrue();
        assertThat(shared(0x71)).isTrue();

        bus.tap(0x70, _ -> {});
        assertThat(shared(0x70)).isFalse();
        bus.share(first, 0x70, 1).allow(true, true);
        assertThat(shared(0x70)).isFalse();

        bus.release(first);
        assertThat(shared(0x71)).isFalse();
    }

    @Test
    void aRegisterOfAWindowBehindAnotherStaysHidden() {
        PortBus.Window first = window(0x70, 2), second = window(0x71, 1);
        bus.share(second, 0x71, 1).allow(true, true);
        assertThat(shared(0x71)).isFalse();
        bus.share(first, 0x71, 1).allow(true, false);
        bus.release(second);
        assertThat(shared(0x71)).isTrue();
    }

    @Test
    void aMachineFullOfSharedRegistersHidesTheRest() {
        PortBus.Window window = window(0x1000, 0x2000);
        trivium.bus.SharedRegister last = null;
        for (int port = 0x1000; port < 0x3000; port++) {
            last = bus.share(window, port, 1);
            last.allow(true, true);
            last.set(port);
        }
        assertThat(bus.shared().orElseThrow().read(0x1001, 1)).isEqualTo(1);
        assertThat(shared(0x2fff)).isFalse();
        assertThat(last.get()).isEqualTo(0xff);
        assertThat(bus.share(window, 0x1000, 1, last, 16)).hasSize(16);
    }
}
