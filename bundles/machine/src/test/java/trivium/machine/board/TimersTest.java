package trivium.machine.board;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import trivium.device.VirtualTimer;

class TimersTest {
    private static final long MS = 1_000_000;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    @Test
    void timersRunAtTheirDeadlinesWithTheOwnersMonitor() throws InterruptedException {
        Clock clock = new Clock(0, false);
        Object owner = new Object();
        CountDownLatch done = new CountDownLatch(2);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        try (Timers timers = new Timers("test", clock, failure::set)) {
            clock.run();
            VirtualTimer late =
                    timers.add(
                            owner,
                            () -> {
                                order.add("late %s".formatted(clock.nanos() >= 30 * MS));
                                done.countDown();
                            });
            VirtualTimer early =
                    timers.add(
                            owner,
                            () -> {
                                order.add("early " + Thread.holdsLock(owner));
                                done.countDown();
                            });
            late.arm(30 * MS);
            early.arm(5 * MS);

            assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(order).containsExactly("early true", "late true");
        assertThat(failure.get()).isNull();
    }

    @Test
    void aCancelledTimerDoesNotRunAndAnArmedOneMovesItsDeadline() throws InterruptedException {
        Clock clock = new Clock(0, false);
        AtomicInteger cancelled = new AtomicInteger();
        CountDownLatch moved = new CountDownLatch(1);
        try (Timers timers = new Timers("test", clock, failure::set)) {
            clock.run();
            VirtualTimer never = timers.add(this, cancelled::incrementAndGet);
            VirtualTimer soon = timers.add(this, moved::countDown);
            never.arm(clock.nanos() + 20 * MS);
            soon.arm(clock.nanos() + 3_600_000 * MS);
            never.cancel();
            soon.arm(clock.nanos() + 40 * MS);

            assertThat(moved.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(cancelled).hasValue(0);
    }

    @Test
    void nothingRunsWhileTheClockStands() throws InterruptedException {
        Clock clock = new Clock(0, false);
        CountDownLatch ran = new CountDownLatch(1);
        try (Timers timers = new Timers("test", clock, failure::set)) {
            clock.run();
            VirtualTimer timer = timers.add(this, ran::countDown);
            timer.arm(clock.nanos() + 30 * MS);
            clock.stop();
            timers.settle();
            long stopped = clock.nanos();

            assertThat(ran.await(80, TimeUnit.MILLISECONDS)).isFalse();
            assertThat(clock.nanos()).isEqualTo(stopped);

            clock.run();
            timers.resume();
            assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aTimerThatAlwaysArmsThePastHangsNobody() {
        Clock clock = new Clock(0, false);
        VirtualTimer[] self = new VirtualTimer[1];
        try (Timers timers = new Timers("test", clock, failure::set)) {
            clock.run();
            self[0] = timers.add(this, () -> self[0].arm(0));
            self[0].arm(0);
            clock.stop();
            timers.settle();
        }
        assertThat(failure.get()).isNull();
    }

    @Test
    void aFailingActionIsTold() throws InterruptedException {
        Clock clock = new Clock(0, false);
        CountDownLatch told = new CountDownLatch(1);
        try (Timers timers =
                new Timers(
                        "test",
                        clock,
                        e -> {
                            failure.set(e);
                            told.countDown();
                        })) {
            clock.run();
            timers.add(
                            this,
                            () -> {
                                throw new IllegalStateException("broken");
                            })
                    .arm(1);
            assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(failure.get()).hasMessage("broken");
    }

    @Test
    void aCountedClockMovesByInstructionsAlone() {
        Clock clock = new Clock(1_000_000, true);
        List<Long> ran = new ArrayList<>();
        try (Timers timers = new Timers("test", clock, failure::set)) {
            clock.run();
            VirtualTimer timer = timers.add(this, () -> ran.add(clock.nanos()));
            AtomicLong instructions = new AtomicLong(7);
            clock.follow(instructions::get);
            assertThat(timers.catchUp()).isEqualTo(Long.MAX_VALUE);
            timer.arm(95);
            assertThat(timers.catchUp()).isEqualTo(10);
            instructions.addAndGet(9);
            assertThat(timers.catchUp()).isEqualTo(1);
            instructions.addAndGet(1);
            assertThat(timers.catchUp()).isEqualTo(Long.MAX_VALUE);
        }
        assertThat(ran).containsExactly(100L);
        assertThat(clock.epochMillis()).isEqualTo(1_000_000);
    }

    @Test
    void aCountedRunEndsWhereATimerIsArmedForEarlier() {
        Clock clock = new Clock(0, true);
        List<String> ended = new ArrayList<>();
        try (Timers timers = new Timers("test", clock, failure::set)) {
            timers.setEarlier(() -> ended.add("run"));
            VirtualTimer timer = timers.add(this, () -> {});
            timer.arm(500);
            timer.arm(1000);
            assertThat(ended).hasSize(1);
            timer.arm(100);
            assertThat(ended).hasSize(2);
        }
    }
}
