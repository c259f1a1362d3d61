package trivium.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static trivium.bench.Fixtures.BT;
import static trivium.bench.Fixtures.CHASE;
import static trivium.bench.Fixtures.MEM;
import static trivium.bench.Fixtures.TRAP;
import static trivium.bench.Fixtures.VT;

import org.junit.jupiter.api.Test;

class ResultsTest {
    private final Results mixed = Fixtures.mixed();

    private double percent(Kernel kernel, Way way) {
        return mixed.percent(mixed.cell(32, kernel, way).orElseThrow()).orElse(-1);
    }

    @Test
    void comparesMediansWithNative() {
        assertThat(percent(CHASE, BT)).isEqualTo(40);
        assertThat(percent(CHASE, VT)).isEqualTo(100);
    }

    @Test
    void comparesWithTheFastestWhatNoProgramCanDo() {
        assertThat(mixed.reference(32, TRAP).orElseThrow().way).isEqualTo(BT);
        assertThat(percent(TRAP, BT)).isEqualTo(100);
    }

    @Test
    void aWrongChecksumIsNoResultHoweverFast() {
        assertThat(percent(MEM, VT)).isEqualTo(-1);
        assertThat(mixed.cell(32, MEM, VT).orElseThrow().seconds()).isEmpty();
        assertThat(mixed.right()).isFalse();
    }

    @Test
    void meansAreGeometricAndOnlyOfWhatNativeDoesToo() {
        assertThat(mixed.averaged(32)).containsExactly(CHASE, MEM);
        assertThat(mixed.mean(32, BT).orElseThrow()).isCloseTo(20, within(1e-9)); // of 40 and 10
        assertThat(mixed.mean(32, VT)).isEmpty();
    }

    @Test
    void withoutNativeTheFastestIsTheMeasure() {
        Results results =
                new Fixtures()
                        .failed(64, CHASE, Way.NATIVE, "cannot be run on this host: noexec")
                        .measured(64, CHASE, BT, 2)
                        .measured(64, CHASE, VT, 1)
                        .results();

        assertThat(results.nativeKnown()).isFalse();
        assertThat(results.mean(64, BT).orElseThrow()).isCloseTo(50, within(1e-9));
        assertThat(results.mean(64, VT).orElseThrow()).isCloseTo(100, within(1e-9));
        assertThat(results.right()).isTrue();
    }

    @Test
    void twoRunsHaveAMedianInTheMiddle() {
        Results results = new Fixtures().measured(32, CHASE, BT, 3, 1).results();

        assertThat(results.cells.getFirst().seconds()).hasValue(2);
    }

    @Test
    void theClockCountsForKernelsThatWaitForIt() {
        Kernel tick = Kernel.ALL.stream().filter(Kernel::waits).findFirst().orElseThrow();
        Results results = new Fixtures().measured(32, tick, BT, 1).results();

        assertThat(results.cells.getFirst().seconds()).hasValue(2);
    }
}
