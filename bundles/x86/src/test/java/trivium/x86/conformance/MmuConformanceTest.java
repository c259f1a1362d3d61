package trivium.x86.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import trivium.mmu.Mmu;
import trivium.x86.fuzz.WalkingStrategy;
import trivium.x86.plain.WrappedMmu;
import trivium.x86.plain.WrappedStrategy;

/** The plain walk conforms, and what is wrong on purpose does not. */
class MmuConformanceTest {
    @TestFactory
    Stream<DynamicTest> theWalkConforms() {
        return MmuConformance.cases().stream()
                .map(c ->
                        dynamicTest(
                                c.name(),
                                () -> assertThat(c.failure(new WalkingStrategy())).isEmpty()));
    }

    /** Names of the cases that fail if answers are changed. */
    private static List<String> failures(LongUnaryOperator change) {
        var strategy =
                new WrappedStrategy(
                        new WalkingStrategy(),
                        mmu ->
                                new WrappedMmu(mmu) {
                                    @Override
                                    public long translate(long linear, int access) {
                                        long answer = mmu.translate(linear, access);
                                        return answer == Mmu.FAULT
                                                ? answer
                                                : change.applyAsLong(answer);
                                    }
                                });
        return MmuConformance.cases().stream()
                .filter(c -> c.failure(strategy).isPresent())
                .map(MmuConformance.Case::name)
                .toList();
    }

    @Test
    void flagsThatLieAreFound() {
        assertThat(failures(answer -> answer | Mmu.MAY_WRITE))
                .contains("LONG_4K the flags of the answer");
        assertThat(failures(answer -> answer & ~Mmu.LARGE))
                .contains("PAE_2M the flags of the answer")
                .doesNotContain("PAE_4K the flags of the answer");
        assertThat(failures(answer -> answer & ~Mmu.GLOBAL))
                .contains("BITS32 the flags of the answer");
    }

    @Test
    void translationsThatAreNeverDroppedAreFound() {
        var strategy = new WrappedStrategy(new WalkingStrategy(), Hoarder::new);
        List<String> failed =
                MmuConformance.cases().stream()
                        .filter(c -> c.failure(strategy).isPresent())
                        .map(MmuConformance.Case::name)
                        .toList();
        assertThat(failed)
                .contains(
                        "LONG_4K INVLPG",
                        "BITS32 CR3 writes, and global pages",
                        "PAE_2M INVLPG anywhere in a large page",
                        "LONG_4K a write after reads sets the dirty bit");
    }

    /** Remembers all answers for ever. */
    private static final class Hoarder extends WrappedMmu {
        private final Map<Long, Long> answers = new HashMap<>();

        Hoarder(Mmu mmu) {
            super(mmu);
        }

        @Override
        public long translate(long linear, int access) {
            Long known = answers.get(linear);
            long answer = known != null ? known : mmu.translate(linear, access);
            if (answer != FAULT) {
                answers.put(linear, answer);
            }
            return answer;
        }
    }
}
