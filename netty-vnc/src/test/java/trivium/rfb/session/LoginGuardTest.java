package trivium.rfb.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoginGuardTest {
    private final AtomicLong now = new AtomicLong();
    private final LoginGuard guard = new LoginGuard(now::get);

    private static InetAddress address(int last) {
        try {
            return InetAddress.getByAddress(new byte[] {10, 0, (byte) (last >> 8), (byte) last});
        } catch (java.net.UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            guard.failed(address(1));
        }
    }

    private void pass(long seconds) {
        now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    @Test
    void blocksAfterFiveFailuresForTwiceAsLongEachTime() {
        fail(4);
        assertThat(guard.blocked(address(1))).isFalse();
        fail(1);
        assertThat(guard.blocked(address(1))).isTrue();
        assertThat(guard.blocked(address(2))).isFalse();
        pass(11);
        assertThat(guard.blocked(address(1))).isFalse();
        fail(1);
        pass(11);
        assertThat(guard.blocked(address(1))).isTrue();
        pass(10);
        assertThat(guard.blocked(address(1))).isFalse();
    }

    @Test
    void forgetsFailuresAfterASuccess() {
        fail(4);
        guard.succeeded(address(1));
        fail(4);
        assertThat(guard.blocked(address(1))).isFalse();
    }

    @Test
    void neverBlocksForEver() {
        fail(1000);
        pass(10 << 9);
        pass(1);
        assertThat(guard.blocked(address(1))).isFalse();
    }

    @Test
    void remembersABoundedNumberOfAddresses() {
        fail(5);
        for (int i = 2; i < 2000; i++) {
            guard.failed(address(i));
        }
        assertThat(guard.blocked(address(1))).isFalse();
    }
}
