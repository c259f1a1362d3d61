package trivium.x86.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import trivium.mmu.MmuStrategy;

/**
 * The conformance suite of MMU strategies: all paging modes, rights, error codes, accessed and
 * dirty bits, reserved bits, flushes, global and large pages, tables that change, map themselves or
 * lie in ROM, in a device or beside code. Where the manual leaves open whether a translation is
 * cached, so do the cases. In a strategy's tests:
 *
 * <pre>
 * {@literal @}TestFactory
 * Stream&lt;DynamicTest> conforms() {
 *     return MmuConformance.cases().stream().map(c -> dynamicTest(c.name(),
 *             () -> assertThat(c.failure(new MyStrategy())).isEmpty()));
 * }
 * </pre>
 *
 * What is not asked: that anything is cached at all, and how fast.
 */
public final class MmuConformance {
    private MmuConformance() {}

    /** One case. Each run attaches the strategy anew, to a board of its own. */
    public static final class Case {
        private final String name;
        private final Layout layout;
        private final boolean direct;
        private final Consumer<Board> body;

        private Case(String name, Layout layout, boolean direct, Consumer<Board> body) {
            this.name = name;
            this.layout = layout;
            this.direct = direct;
            this.body = body;
        }

        /** Unique; begins with the paging mode. */
        public String name() {
            return name;
        }

        /** What the strategy did wrong; empty if it conforms. What it throws comes out. */
        public Optional<String> failure(MmuStrategy strategy) {
            try (Board board = new Board(strategy, layout, direct)) {
                body.accept(board);
                return Optional.empty();
            } catch (Board.Nonconformance e) {
                return Optional.of(name + ": " + e.getMessage());
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** All cases: each for each paging mode, in memory with host addresses and without. */
    public static List<Case> cases() {
        Map<String, Consumer<Board>> bodies = new TreeMap<>();
        Mappings.cases(bodies);
        Rights.cases(bodies);
        Changes.cases(bodies);
        Places.cases(bodies);
        List<Case> cases = new ArrayList<>();
        for (Layout layout : Layout.values()) {
            bodies.forEach((name, body) -> {
                String full = layout + " " + name;
                cases.add(new Case(full, layout, true, body));
                cases.add(new Case(full + ", no host addresses", layout, false, body));
            });
        }
        return cases;
    }
}
