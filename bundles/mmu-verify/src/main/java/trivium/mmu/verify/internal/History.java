package trivium.mmu.verify.internal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import trivium.mmu.Mmu;
import trivium.mmu.SharedMappings;

/**
 * The mappings that linear pages had since they were flushed: what a strategy may have cached.
 * Bound to the vCPU's thread.
 */
final class History {
    private static final int MOST_PAGES = 1 << 16, MOST_OF_A_PAGE = 64;

    private final Map<Long, List<Long>> mappings = new HashMap<>();
    private boolean anyLarge;

    /**
     * @return false if there is no room: everything has to be flushed
     */
    boolean add(long page, long mapping) {
        List<Long> past = mappings.computeIfAbsent(page, _ -> new ArrayList<>(1));
        if (!past.contains(mapping)) {
            past.add(mapping);
        }
        anyLarge |= (mapping & Mmu.LARGE) != 0;
        return mappings.size() < MOST_PAGES && past.size() < MOST_OF_A_PAGE;
    }

    boolean any(long page, LongPredicate fits) {
        return mappings.getOrDefault(page, List.of()).stream().anyMatch(fits::test);
    }

    void flushAll() {
        mappings.clear();
        anyLarge = false;
    }

    void flushNonGlobal() {
        mappings.values()
                .removeIf(past -> {
                    past.removeIf(mapping -> (mapping & Mmu.GLOBAL) == 0);
                    return past.isEmpty();
                });
    }

    void flushPage(long linear) {
        mappings.remove(linear & -4096);
        if (anyLarge) {
            long place = linear >>> SharedMappings.LARGE_SHIFT;
            mappings.forEach((page, past) -> {
                if (page >>> SharedMappings.LARGE_SHIFT == place) {
                    past.removeIf(mapping -> (mapping & Mmu.LARGE) != 0);
                }
            });
        }
    }
}
