package trivium.rfb.session;

import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Slows down guessing of passwords: after five failures an address is locked out for ten seconds,
 * and for twice as long each further time. Remembers the last 1024 addresses. Thread-safe.
 */
public final class LoginGuard {
    private static final int FREE_TRIES = 5, MAX_ADDRESSES = 1024, MAX_DOUBLINGS = 9;
    private static final Duration FIRST_BLOCK = Duration.ofSeconds(10);

    private record Failures(int count, long blockedUntilNanos) {}

    private final LongSupplier nanoTime;
    private final Map<InetAddress, Failures> failures =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<InetAddress, Failures> eldest) {
                    return size() > MAX_ADDRESSES;
                }
            };

    public LoginGuard() {
        this(System::nanoTime);
    }

    LoginGuard(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    synchronized boolean blocked(InetAddress address) {
        Failures known = failures.get(address);
        return known != null
                && known.count >= FREE_TRIES
                && nanoTime.getAsLong() - known.blockedUntilNanos < 0;
    }

    synchronized void failed(InetAddress address) {
        Failures known = failures.get(address);
        int count = known == null ? 1 : known.count + 1;
        int doublings = Math.clamp(count - FREE_TRIES, 0, MAX_DOUBLINGS);
        long until = nanoTime.getAsLong() + (FIRST_BLOCK.toNanos() << doublings);
        failures.put(address, new Failures(count, until));
    }

    synchronized void succeeded(InetAddress address) {
        failures.remove(address);
    }
}
