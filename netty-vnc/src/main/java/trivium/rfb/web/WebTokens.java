package trivium.rfb.web;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Keys to one display, good for one connection within ten minutes. Thread-safe. */
final class WebTokens {
    private static final int BYTES = 16, MAX_OUTSTANDING = 64;
    private static final long LIFE_NANOS = Duration.ofMinutes(10).toNanos();
    private static final SecureRandom RANDOM = new SecureRandom();

    private final LongSupplier nanoTime;
    private final Map<String, Long> issued =
            new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
                    return size() > MAX_OUTSTANDING;
                }
            };

    WebTokens(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    synchronized String issue() {
        byte[] bytes = new byte[BYTES];
        RANDOM.nextBytes(bytes);
        String token = HexFormat.of().formatHex(bytes);
        issued.put(token, nanoTime.getAsLong());
        return token;
    }

    /** Uses a token up. @return whether it was good */
    synchronized boolean redeem(String token) {
        Long at = issued.remove(token);
        return at != null && nanoTime.getAsLong() - at < LIFE_NANOS;
    }
}
