package trivium.machine.serial;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SerialPortTest {
    private final SerialPort port = new SerialPort("test");

    @AfterEach
    void close() {
        port.close();
    }

    private void guestWrites(String text) {
        text.chars().forEach(port::send);
    }

    @Test
    void keepsTheLast64KiB() {
        for (int i = 0; i < 70_000; i++) {
            port.send(i & 0xff);
        }

        assertThat(port.recent()).hasSize(65_536);
        assertThat(port.recent()[65_535]).isEqualTo((byte) 69_999);
        assertThat(port.recent()[0]).isEqualTo((byte) (70_000 - 65_536));
    }

    @Test
    void listenersHearTheGuestFromNowOnUntilTheyClose() throws Exception {
        var heard = new LinkedBlockingQueue<byte[]>();
        AutoCloseable subscription = port.listen(heard::add);
        guestWrites("hello");

        var text = new StringBuilder();
        while (text.length() < 5) {
            byte[] part = heard.poll(10, TimeUnit.SECONDS);
            assertThat(part).isNotNull();
            text.append(new String(part, StandardCharsets.US_ASCII));
        }
        assertThat(text).hasToString("hello");

        subscription.close();
        guestWrites("more");
        assertThat(heard.poll(50, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    void aFailingListenerIsDropped() throws Exception {
        var calls = new AtomicInteger();
        var heard = new LinkedBlockingQueue<byte[]>();
        port.listen(_ -> {
            calls.incrementAndGet();
            throw new IllegalStateException("broken listener");
        });
        port.listen(heard::add);

        guestWrites("a");
        assertThat(heard.poll(10, TimeUnit.SECONDS)).isNotNull();
        guestWrites("b");
        assertThat(heard.poll(10, TimeUnit.SECONDS)).isNotNull();

        assertThat(calls).hasValue(1);
    }

    @Test
    void typedBytesWaitForTheGuestInOrderAndTheQueueIsBounded() {
        var told = new AtomicInteger();
        port.onReceivable(told::incrementAndGet);
        port.send(new byte[] {1, 2, (byte) 0xff});
        assertThat(told).hasValue(1);
        assertThat(port.receive()).isEqualTo(1);
        assertThat(port.receive()).isEqualTo(2);
        assertThat(port.receive()).isEqualTo(0xff);
        assertThat(port.receive()).isEqualTo(-1);

        port.send(new byte[100_000]);
        int taken = 0;
        while (port.receive() >= 0) {
            taken++;
        }
        assertThat(taken).isEqualTo(65_536);
    }

    @Test
    void theCopyIsComplete() throws Exception {
        var copy = new ByteArrayOutputStream();
        port.copyTo(copy);
        for (int i = 0; i < 100_000; i++) {
            port.send('x');
        }
        port.copyTo(null);
        port.send('y');

        assertThat(copy.size()).isEqualTo(100_000);
    }
}
