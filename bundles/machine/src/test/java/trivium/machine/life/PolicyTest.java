package trivium.machine.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import trivium.cpu.CodeKind;
import trivium.cpu.Estimate;

class PolicyTest {
    private static final long SECOND = 1_000_000_000;
    private static final Estimate SOFTWARE =
            new Estimate(Map.of(CodeKind.KERNEL_64, 0.4, CodeKind.USER_64, 0.5), Optional.empty());
    private static final Estimate USER_ONLY =
            new Estimate(Map.of(CodeKind.KERNEL_64, 0.2, CodeKind.USER_64, 1.0), Optional.empty());
    private static final Map<String, Estimate> BOTH =
            Map.of("bt", SOFTWARE, "vt", USER_ONLY, "vmi", Estimate.NONE);

    private final Samples samples = new Samples();
    private final Policy policy = new Policy(false);

    private void found(int user, int kernel) {
        samples.clear();
        for (int i = 0; i < user; i++) {
            samples.runs(CodeKind.USER_64);
        }
        for (int i = 0; i < kernel; i++) {
            samples.runs(CodeKind.KERNEL_64);
        }
    }

    private Optional<String> decide(Map<String, Estimate> engines, String on, long second) {
        return policy.decide(engines, on, samples, second * SECOND);
    }

    @Test
    void speedsAreHarmonicMeansOverTheWork() {
        Map<CodeKind, Double> half = Map.of(CodeKind.USER_64, 0.5, CodeKind.KERNEL_64, 0.5);

        assertThat(Policy.speed(USER_ONLY, half)).isCloseTo(1 / 3.0, within(1e-9));
        assertThat(Policy.speed(USER_ONLY, Map.of(CodeKind.REAL, 1.0))).isZero();
        // half of the time on an engine that is slow in kernels is much less of the work
        assertThat(Policy.work(half, USER_ONLY).get(CodeKind.KERNEL_64))
                .isCloseTo(0.2 / 1.2, within(1e-9));
    }

    @Test
    void changesWhenAnotherIsBetterForSomeTime() {
        found(20, 6);

        assertThat(decide(BOTH, "bt", 2)).isEmpty();
        assertThat(decide(BOTH, "bt", 4)).isEmpty();
        assertThat(decide(BOTH, "bt", 6)).contains("vt");
    }

    @Test
    void changesSoonerWhenItIsClear() {
        found(20, 0);

        assertThat(decide(BOTH, "bt", 1)).isEmpty();
        assertThat(decide(BOTH, "bt", 2)).contains("vt");
    }

    @Test
    void staysForALittleGainAndForAnIdleGuest() {
        found(10, 10);
        for (int second = 2; second < 60; second += 2) {
            assertThat(decide(BOTH, "bt", second)).isEmpty();
        }
        found((int) Policy.ENOUGH - 1, 0);
        for (int second = 60; second < 90; second += 2) {
            assertThat(decide(BOTH, "bt", second)).isEmpty();
        }
    }

    @Test
    void aGuestThatDoesOneThingAndThenAnotherIsNotFollowedAtOnce() {
        for (int second = 2; second < 60; second += 2) {
            found(second % 4 == 0 ? 20 : 0, second % 4 == 0 ? 0 : 20);
            assertThat(decide(BOTH, "bt", second)).isEmpty();
        }
    }

    @Test
    void eachChangeMakesTheNextOneWaitLonger() {
        String on = "bt";
        int changes = 0;
        for (int second = 2; second < 400; second += 2) {
            boolean userTime = second / 20 % 2 == 0;
            found(userTime ? 20 : 0, userTime ? 0 : 20);
            Optional<String> to = decide(BOTH, on, second);
            if (to.isPresent()) {
                on = to.get();
                changes++;
            }
        }
        assertThat(changes).isBetween(2, 6); // of 20 that would have been followed at once
    }

    @Test
    void anEngineWithACaveatIsForPeople() {
        var careful = new Estimate(USER_ONLY.speeds(), Optional.of("the clock is another one"));
        Map<String, Estimate> engines = Map.of("bt", SOFTWARE, "vt", careful);
        found(20, 0);

        for (int second = 2; second < 30; second += 2) {
            assertThat(decide(engines, "bt", second)).isEmpty();
        }
        assertThat(Policy.rank(engines, "bt", samples.kinds()).keySet()).first().isEqualTo("vt");
        assertThat(new Policy(true).best(engines, "bt", samples.kinds())).isEqualTo("vt");
    }
}
