package trivium.machine.memory;

import java.util.HashMap;
import java.util.Map;

/**
 * How many times each page is watched for stores: once per vCPU that cached its code. Guarded by
 * the lock of {@link GuestMemory}.
 */
final class CodePages {
    private final Map<Long, Integer> watches = new HashMap<>();

    /**
     * @return how many watch it now
     */
    int add(long page) {
        return watches.merge(page, 1, Integer::sum);
    }

    /**
     * @return whether nobody watches it any more
     */
    boolean remove(long page) {
        return watches.containsKey(page)
                && watches.computeIfPresent(page, (_, n) -> n == 1 ? null : n - 1) == null;
    }

    boolean isWatchedOnce(long page) {
        return watches.getOrDefault(page, 0) == 1;
    }

    boolean contains(long page) {
        return !watches.isEmpty() && watches.containsKey(page);
    }
}
