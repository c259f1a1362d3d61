package trivium.machine.life;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/**
 * Services by name; of several with one name the last that came counts. Thread-safe.
 *
 * @param <S> what they are
 */
final class Parts<S> {
    private final Map<String, List<S>> all = new ConcurrentSkipListMap<>();

    void add(String name, S part) {
        all.merge(
                name,
                List.of(part),
                (old, added) -> Stream.concat(old.stream(), added.stream()).toList());
    }

    void remove(String name, S part) {
        all.computeIfPresent(
                name,
                (_, old) -> {
                    List<S> left = old.stream().filter(s -> s != part).toList();
                    return left.isEmpty() ? null : left;
                });
    }

    /** Null if there is none. */
    S get(String name) {
        List<S> named = all.get(name);
        return named == null ? null : named.getLast();
    }

    Set<String> names() {
        return all.keySet();
    }

    /** Those that count, by name. */
    Stream<S> stream() {
        return all.values().stream().map(List::getLast);
    }
}
