package trivium.devices.pc.serial;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import trivium.device.SerialBackend;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class Uart16550Test {
    private static final class Line implements SerialBackend {
        final StringBuilder sent = new StringBuilder();
        final Queue<Integer> toGuest = new ArrayDeque<>();
        Runnable listener;

        @Override
        public void send(int octet) {
            sent.append((char) octet);
        }

        @Override
        public int receive() {
            return toGuest.isEmpty() ? -1 : toGuest.poll();
        }

        @Override
        public void onReceivable(Runnable r) {
            listener = r;
        }

        void type(String text) {
            text.chars().forEach(toGuest::add);
            listener.run();
        }
    }

    private final FakePlatform pc = new FakePlatform();
    private final Line line = new Line();
    private final Uart16550 uart;

    Uart16550Test() {
        pc.serials[0] = line;
        uart = new Uart16550(pc, 0);
    }

    private int in(int register) {
        return pc.in(0x3f8 + register);
    }

    private void out(int register, int value) {
        pc.out(0x3f8 + register, value);
    }

    private void divisor(int divisor) {
        out(3, 0x83);
        out(0, divisor);
        out(1, divisor >> 8);
        out(3, 0x03);
    }

    @Test
    void looksLikeA16550A() {
        out(1, 0xff);
        assertThat(in(1)).isEqualTo(0x0f);
        out(1, 0);
        out(2, 1);
        assertThat(in(2)).isEqualTo(0xc1);
        out(2, 0);
        assertThat(in(2)).isEqualTo(0x01);
        out(7, 0x5a);
        assertThat(in(7)).isEqualTo(0x5a);
        divisor(0x1234);
        out(3, 0x80);
        assertThat(in(0) | in(1) << 8).isEqualTo(0x1234);
    }

    @Test
    void loopbackFeedsModemLinesAndData() {
        out(4, 0x1a);
        assertThat(in(6) & 0xf0).isEqualTo(0x90);
        out(0, 'x');
        assertThat(in(5) & 1).isEqualTo(1);
        assertThat(in(0)).isEqualTo('x');
        assertThat(line.sent).isEmpty();
        out(0, 1);
        out(0, 2);
        assertThat(in(5) & 2).isEqualTo(2);
        assertThat(in(5) & 2).isZero();
    }

    @Test
    void sendsAtOnceAndAsksForMore() {
        out(4, 8);
        out(1, 2);
        assertThat(pc.irq[4]).isTrue();
        assertThat(in(2)).isEqualTo(2);
        assertThat(pc.irq[4]).isFalse();
        out(0, 'H');
        assertThat(line.sent).hasToString("H");
        assertThat(pc.irq[4]).isTrue();
    }

    @Test
    void interruptNeedsOut2() {
        out(1, 2);
        assertThat(pc.irq[4]).isFalse();
        out(4, 8);
        assertThat(pc.irq[4]).isTrue();
    }

    @Test
    void receivesInterruptPerByteWithoutFifo() {
        divisor(1);
        out(4, 8);
        out(1, 1);
        line.type("ab");
        assertThat(in(2)).isEqualTo(4);
        assertThat(in(0)).isEqualTo('a');
        assertThat(pc.irq[4]).isFalse();
        pc.advance(100_000);
        assertThat(pc.irq[4]).isTrue();
        assertThat(in(0)).isEqualTo('b');
    }

    @Test
    void fifoInterruptsAtItsTriggerLevelOrAfterSilence() {
        divisor(1);
        out(2, 0x81);
        out(4, 8);
        out(1, 1);
        line.type("0123456789");
        pc.advance(500_000);
        assertThat(pc.irq[4]).isFalse();
        pc.advance(500_000);
        assertThat(in(2)).isEqualTo(0xc4);
        for (int i = 0; i < 8; i++) {
            assertThat(in(0)).isEqualTo('0' + i);
        }
        assertThat(pc.irq[4]).isFalse();
        pc.advance(400_000);
        assertThat(in(2)).isEqualTo(0xcc);
        assertThat(in(0)).isEqualTo('8');
        assertThat(in(0)).isEqualTo('9');
        assertThat(in(5) & 1).isZero();
    }

    @Test
    void takesFromTheHostOnlyWhatFits() {
        divisor(1);
        out(2, 1);
        line.type("x".repeat(100));
        pc.advance(50_000_000);
        assertThat(line.toGuest).hasSize(84);
        int n = 0;
        while ((in(5) & 1) != 0) {
            in(0);
            n++;
            pc.advance(100_000);
        }
        assertThat(n).isEqualTo(100);
        assertThat(in(5) & 2).isZero();
    }

    @Test
    void survivesRandomAccesses() {
        line.type("fuzz".repeat(5000));
        Fuzz.run(4, pc, uart);
    }
}
